"""What a run showed, as parts of the signed data: evidence, pictures, reviews with their findings and proofs."""

from typing import Literal

from pointsman.audit.note.predicate import (
    CheckPart,
    EvidencePart,
    FindingPart,
    PicturePart,
    PreviewPart,
    ProofPart,
    ReproductionPart,
    ReviewPart,
    WeakeningPart,
)
from pointsman.audit.note.told import sha256, told, told_all
from pointsman.domain.outcome import CheckResult, Evidence, NoReproduction, Proof, Reproduction, Review
from pointsman.domain.pictures import Previews, Rendering


def evidence_part(evidence: Evidence) -> EvidencePart:
    """What was run and what it shows; outputs by their digests."""
    return EvidencePart(
        verdict=evidence.verdict.value,
        why=told(evidence.why),
        tier=evidence.tier,
        base=tuple(_check(check) for check in evidence.base),
        candidate=tuple(_check(check) for check in evidence.candidate),
        changed_tests=told_all(evidence.changed_tests),
        missing_tests=told_all(evidence.missing),
        old_tests=tuple(_check(check) for check in evidence.old_tests),
        weakened=tuple(
            WeakeningPart(path=told(one.path), line=one.line, what=told(one.what), kind=one.kind)
            for one in evidence.weakened
        ),
        reproduction=_reproduction(evidence.reproduction),
    )


def _reproduction(found: Reproduction | NoReproduction | None) -> ReproductionPart | None:
    if found is None:
        return None
    if isinstance(found, NoReproduction):
        return ReproductionPart(why=told(found.why))
    return ReproductionPart(
        path=told(found.path), sha256=found.digest, model=found.model, base=found.base, candidate=found.candidate
    )


def preview_part(found: Previews) -> PreviewPart:
    """What came of looking at pages, each picture by its digest."""
    sides: tuple[tuple[Literal["before", "after"], Rendering], ...] = (
        ("before", found.before),
        ("after", found.after),
    )
    return PreviewPart(
        before=found.before.status,
        after=found.after.status,
        why=told(found.after.why or found.before.why),
        pictures=tuple(
            PicturePart(
                page=told(one.page),
                side=side,
                sha256=one.sha256,
                width=one.width,
                height=one.height,
                bytes=one.size,
            )
            for side, seen in sides
            for one in seen.pictures
        ),
    )


def _check(check: CheckResult) -> CheckPart:
    return CheckPart(
        command=told_all(check.command),
        commit=check.commit,
        status=check.status,
        exit_code=check.exit_code,
        passed=len(check.passed),
        failed=told_all(check.failed),
        skipped=len(check.skipped),
        output_sha256=sha256(check.tail),
        milliseconds=round(check.seconds * 1000),
    )


def review_part(review: Review) -> ReviewPart:
    """One round of review; texts by their digests."""
    return ReviewPart(
        model=review.model,
        round=review.round,
        commit=review.commit,
        verdict=review.verdict,
        summary_sha256=sha256(review.summary),
        findings=tuple(
            FindingPart(
                id=told(finding.id),
                path=told(finding.path),
                line=finding.line,
                side=finding.side,
                severity=str(finding.severity),
                quote_sha256=sha256(finding.quote),
                message_sha256=sha256(finding.message),
                fate=finding.fate,
                proof=_proof(finding.proof) if finding.proof else None,
            )
            for finding in review.findings
        ),
        dropped=len(review.dropped),
        unread=told_all(review.unread),
    )


def _proof(proof: Proof) -> ProofPart:
    return ProofPart(
        result=proof.result,
        why=told(proof.why),
        path=told(proof.path),
        model=proof.model,
        test_sha256=sha256(proof.test) if proof.test else "",
    )
