"""The seam to the durable engine: submit, approve, cancel, rerun, resume; nobody else knows what engine it is.

Measured and documented behaviour this rests on: a step is done at least once and a finished one never again; a fork
copies the steps before the given one; a process that starts under the same executor id takes up what was running.
One process runs the engine on a SQLite file, which a lock on the file `engine.lock` makes sure of.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)
from pydantic import TypeAdapter

from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.domain.levels import Phase
from pointsman.domain.run import Route, RunSpec
from pointsman.runs.adapters import Adapters
from pointsman.runs.again import Anew
from pointsman.runs.course.conduct import APPROVAL, End, conduct
from pointsman.runs.course.course import ANEW, RESUME, Course, anew_text, first_view
from pointsman.runs.course.redo import Step, redo_from
from pointsman.runs.database import engine_database, told
from pointsman.runs.engine_files import client_of, database_of, locked, scrub, url_of
from pointsman.runs.remains import is_cleared, require_words

# Pinned, so that a new release of the program takes up the runs of the one before it.
APPLICATION_VERSION = "pointsman-1"
EXECUTOR = "local"
WORKFLOW = "pointsman.run"
DELIVERY = "pointsman.delivery"
# A served installation runs both on the engine's own loop. What waits its turn in a repository, waits inside its run.
RUNS = "runs"
DELIVERIES = "deliveries"
_POLL_SECONDS = 0.25
_LAST_WORDS_SECONDS = 5.0
_LOOKS = 100
_AT_HAND = 64
# Each start of the program that finds the run unfinished counts; a run that kills its process must end somewhere.
MAX_STARTS = 200
MAX_DELIVERY_STARTS = 20

_SPEC: TypeAdapter[RunSpec] = TypeAdapter(RunSpec)
_END: TypeAdapter[End] = TypeAdapter(End)
_ROUTE: TypeAdapter[Route] = TypeAdapter(Route)
_ENDED = {"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}


Deal = Callable[[str], Coroutine[object, object, str]]


@dataclass
class Engine:
    """The engine of one installation. `home` holds its database and its lock.

    Started for one command, it runs what that command begins. Started with deliveries, it serves: runs are queued and
    go on in the engine's own loop, and only a serving process takes up what was queued.
    """

    home: Path
    adapters: Adapters
    _lock: IO[str] | None = None
    _client: DBOSClient | None = None
    _workflow: Callable[[str], Coroutine[object, object, str]] | None = None
    _lost: dict[str, BaseException] = field(default_factory=dict)
    _at_work: set[str] = field(default_factory=set)
    _serves: bool = False

    async def start(self, deal_with: Deal | None = None) -> None:
        """Take the lock and go on with every run that a crash cut off.

        `deal_with` is told the id of each delivery, on the engine's own loop, and returns a word on what came of it.
        Raises TryAgain when another process of this installation runs, OperatorMust when the home cannot be used.
        """
        self._lock = locked(self.home / "engine.lock")
        config: DBOSConfig = {
            "name": "pointsman",
            "system_database_url": url_of(self.home),
            "system_database_engine": database_of(self.home),
            "application_version": APPLICATION_VERSION,
            "executor_id": EXECUTOR,
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": 0.2,
            "console_log_level": "CRITICAL",
            "log_level": "WARNING",
        }
        with engine_database():
            DBOS(config=config)
            self._workflow = _registered(self.adapters, self._lost, self._at_work)
            self._serves = deal_with is not None
            if deal_with is not None:
                DBOS.workflow(name=DELIVERY, max_recovery_attempts=MAX_DELIVERY_STARTS)(_plain(deal_with))
            DBOS.listen_queues([RUNS, DELIVERIES] if self._serves else [])
            await asyncio.to_thread(DBOS.launch)
            for queue in (RUNS, DELIVERIES) if self._serves else ():
                await _registered_queue(queue)
        await self._mend_halves()

    async def stop(self) -> None:
        """Leave the engine, if it was started; what still runs goes on at the next start."""
        if self._client is not None:
            self._client.destroy()
        if self._lock is not None:
            DBOS.destroy(destroy_registry=True)
            self._lock.close()

    async def submit(self, run_id: str, spec: RunSpec) -> None:
        """Begin a run. The same id twice is one run."""
        if self._workflow is None:
            raise OperatorMust("The engine was not started.", code="bug")
        order = _SPEC.dump_json(spec).decode()
        if self._serves:
            if await self._status(run_id) is None and not await is_cleared(self.adapters.clearing, run_id):
                await self.adapters.ledger.keep(first_view(run_id, spec, spec.admitted_at))
                await self._queue(RUNS, WORKFLOW, run_id, order)
            return
        await self.adapters.ledger.keep(first_view(run_id, spec, spec.admitted_at))
        with engine_database(), SetWorkflowID(run_id):
            await DBOS.start_workflow_async(self._workflow, order)

    async def deliver(self, workflow_id: str, delivery_id: str) -> None:
        """Begin to deal with a delivery. The same id twice is dealt with once."""
        await self._queue(DELIVERIES, DELIVERY, workflow_id, delivery_id)

    async def _queue(self, queue: str, workflow: str, workflow_id: str, argument: str) -> None:
        options: EnqueueOptions = {
            "queue_name": queue,
            "workflow_name": workflow,
            "workflow_id": workflow_id,
            "app_version": APPLICATION_VERSION,
        }
        with engine_database():
            await self._asked().enqueue_async(options, argument)

    async def spec_of(self, run_id: str) -> RunSpec:
        """The order of a run. Raises UsageMust for an id that no run has."""
        status = await self._status(run_id)
        if status is None or not status.input:
            await require_words(self.adapters.clearing, run_id)
            raise UsageMust(f"There is no run {run_id}.", code="no-run", hint="`pointsman runs` lists them.")
        return _SPEC.validate_json(str(status.input["args"][0]))

    async def drop(self, run_id: str) -> bool:
        """Delete a run's journal, order and end. False, and nothing is deleted, as long as it goes on."""
        status = await self._status(run_id)
        if status is None:
            return True
        if status.status not in _ENDED:
            return False
        with engine_database():
            await self._asked().delete_workflow_async(run_id)
        return True

    async def drop_deliveries(self, limit: int) -> int:
        """Delete what the journal holds of deliveries that were dealt with; the inbox knows their ids for ever."""
        if not (self.home / "engine.sqlite").is_file():
            return 0
        with engine_database():
            found = await self._asked().list_workflows_async(
                name=DELIVERY, status=sorted(_ENDED), limit=limit, load_input=False, load_output=False
            )
            await self._asked().delete_workflows_async([status.workflow_id for status in found])
        return len(found)

    async def scrub(self) -> None:
        """Take what was deleted out of the write-ahead log too."""
        await asyncio.to_thread(scrub, self.home)

    async def as_run(self, run_id: str) -> RunSpec:
        """The order as the run came to follow it: with the class that was found, and the models that people chose."""
        end = await self.end_of(run_id)
        if end is not None:
            return end.spec
        spec = await self.spec_of(run_id)
        chosen = {Phase(phase): _ROUTE.validate_json(text) for phase, text in (await self._chosen(run_id)).items()}
        return replace(spec, overrides={**(spec.overrides or {}), **chosen})

    async def _chosen(self, run_id: str) -> dict[str, str]:
        """The routes that people chose for a run, as they are kept, by phase."""
        kept = await self.adapters.ledger.overrides(run_id)
        return {phase: text for phase, text in kept.items() if phase != ANEW}

    async def end_of(self, run_id: str) -> End | None:
        """What a run left behind; None while it goes on or when it was cancelled."""
        status = await self._status(run_id)
        if status is None or status.status != "SUCCESS":
            return None
        return _END.validate_json(str(status.output))

    async def ended(self, run_id: str) -> bool:
        """Whether the run has ended, whatever end. Raises OperatorMust when its end cannot be written down."""
        lost = self._lost.get(run_id)
        status = await self._status(run_id)
        if status is None or status.status in _ENDED:
            return True
        if lost is not None:
            raise _cannot_be_kept(run_id, lost)
        return False

    async def left(self, run_id: str) -> None:
        """Wait for the last words of a run of this process that was cancelled, some seconds at most."""
        for _ in range(_LOOKS):
            if run_id not in self._at_work:
                return
            await asyncio.sleep(_LAST_WORDS_SECONDS / _LOOKS)

    async def unfinished(self) -> tuple[str, ...]:
        """The runs that have begun and not ended, those that wait for a person among them.

        A command does not see those of a served installation, which go on when it is served again.
        """
        with engine_database():
            found = await self._asked().list_workflows_async(status=["PENDING", "ENQUEUED"], name=WORKFLOW)
        mine = found if self._serves else [status for status in found if status.queue_name != RUNS]
        return tuple(status.workflow_id for status in mine)

    async def approve(self, run_id: str, plan_hash: str) -> None:
        """Tell a waiting run that the plan with this hash is approved. Twice is once."""
        said = json.dumps({"hash": plan_hash})
        with engine_database():
            await self._asked().send_async(run_id, said, topic=APPROVAL, idempotency_key=f"{run_id}:{plan_hash}")

    async def look_again(self, run_id: str) -> None:
        """Tell a paused run to look whether it still is. A run that does not wait finds nothing new in it."""
        with engine_database():
            await self._asked().send_async(run_id, "", topic=RESUME)

    async def cancel(self, run_id: str) -> None:
        """Cancel a run of this process; a model call in flight is cut off within about a second."""
        with engine_database():
            await self._asked().cancel_workflow_async(run_id)

    async def rerun(self, run_id: str, phase: Phase, new_id: str, anew: Anew | None) -> None:
        """Fork a run at the beginning of a phase: what came before is not repeated. Twice under one id is once.

        Models that people chose for the run stay chosen, since it was judged with them.

        Raises UsageMust when the run never came to that phase.
        """
        if await self._status(new_id) is not None:
            return
        await require_words(self.adapters.clearing, run_id)
        steps = await self._steps(run_id)
        start = next((s["function_id"] for s in steps if s["function_name"] == f"begin:{phase}"), None)
        if start is None:
            raise UsageMust(f"Run {run_id} never came to {phase}; there is nothing to do again.", code="phase")
        ledger = self.adapters.ledger
        if anew is not None:
            await ledger.override(new_id, ANEW, anew.requester.login, anew_text(anew))
        chosen = await self._chosen(run_id)
        if anew is not None and anew.route is not None:
            chosen[phase] = _ROUTE.dump_json(anew.route).decode()
        for each, text in chosen.items():
            await ledger.override(new_id, each, _ROUTE.validate_json(text).primary.name, text)
        spec = await self.spec_of(run_id)
        await ledger.keep(replace(first_view(new_id, spec, self.adapters.clock.now()), parent=run_id))
        with engine_database(), SetWorkflowID(new_id):
            await self._asked().fork_workflow_async(
                run_id, start, application_version=APPLICATION_VERSION, queue_name=self._where
            )

    async def resume(self, run_id: str) -> bool:
        """Go on with a run: a cut-off one goes on by itself, one that failed is taken up at the step that failed.

        Returns whether there was anything to go on with.
        """
        if not await self.ended(run_id):
            return True
        await require_words(self.adapters.clearing, run_id)
        view = await self.adapters.ledger.run(run_id)
        if view is None or view.state not in ("failed", "stopped", "refused", "cancelled"):
            return False
        start = redo_from(await self._steps(run_id))
        await self.adapters.ledger.keep(replace(view, state="running", message="", error_code="", exit_code=0))
        with engine_database():
            await self._asked().rewind_workflow_async(
                run_id, start_step=start, application_version=APPLICATION_VERSION, queue_name=self._where
            )
        return True

    async def _mend_halves(self) -> None:
        """Finish what a crash left between the ledger and the engine; nobody else submits while we hold the lock.

        An approval that was written down is said again, and a run that was written down but never begun is closed.
        """
        ledger = self.adapters.ledger
        for run_id in await self.unfinished():
            for act in await ledger.acts(run_id):
                if act.act == "approve":
                    await self.approve(run_id, act.detail)
        # Of a served installation, the delivery that wrote it down comes again and begins it.
        for view in await ledger.runs() if not self._serves else ():
            if view.state == "queued" and await self._status(view.run_id) is None:
                lost = "It was cut off before it began; nothing was done. Start it again."
                await ledger.keep(replace(view, state="failed", message=lost, error_code="given-up", exit_code=4))

    async def _status(self, run_id: str) -> WorkflowStatus | None:
        """Asked of the database, so that a process that does not run the engine can look as well."""
        if not (self.home / "engine.sqlite").is_file():
            return None
        with engine_database():
            found = await self._asked().list_workflows_async(workflow_ids=[run_id])
        return found[0] if found else None

    def _asked(self) -> DBOSClient:
        """The engine's database, asked from outside of any workflow, so that a delivery's steps may do so too."""
        if self._client is None:
            self._client = client_of(self.home)
        return self._client

    @property
    def _where(self) -> str | None:
        return RUNS if self._serves else None

    async def _steps(self, run_id: str) -> list[Step]:
        with engine_database():
            found = await self._asked().list_workflow_steps_async(run_id)
        return [
            {"function_id": s["function_id"], "function_name": s["function_name"], "output": s["output"]}
            for s in found
        ]


def _plain(deal_with: Deal) -> Deal:
    """A function of its own, since the engine keeps no objects."""

    async def deal(delivery_id: str) -> str:
        return await deal_with(delivery_id)

    return deal


async def _registered_queue(name: str) -> None:
    """Kept in the database; a queue of this name that is there already is brought up to date."""
    limit = _AT_HAND if name == DELIVERIES else None
    await DBOS.register_queue_async(
        name, worker_concurrency=limit, polling_interval_sec=_POLL_SECONDS, on_conflict="always_update"
    )


def _registered(
    adapters: Adapters, lost: dict[str, BaseException], at_work: set[str]
) -> Callable[[str], Coroutine[object, object, str]]:
    """The workflow under its fixed name; a name once used is never changed, or runs in flight are lost."""

    async def run(spec: str) -> str:
        run_id = DBOS.workflow_id or ""
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(lambda done: _remember_loss(lost, run_id, done))
        ordered = _SPEC.validate_json(spec)
        at_work.add(run_id)
        try:
            return _END.dump_json(await conduct(await Course.open(run_id, ordered, adapters))).decode()
        finally:
            at_work.discard(run_id)
            if adapters.let_go is not None:
                adapters.let_go(ordered.repository)

    return DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MAX_STARTS)(run)


def _remember_loss(lost: dict[str, BaseException], run_id: str, task: "asyncio.Task[object]") -> None:
    """The engine writes down what a run ended with; a task that ends with an error and no status written is lost."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        lost[run_id] = error


def _cannot_be_kept(run_id: str, error: BaseException) -> OperatorMust:
    problem = told(error)
    return OperatorMust(
        f"Run {run_id} was cut off, and that could not be written down. {problem.message}",
        code=problem.code,
        hint=f"Mend that, then `pointsman resume` goes on with {run_id} from its last finished step.",
    )


async def cancel(home: Path, run_id: str) -> None:
    """Cancel a run, whichever process it runs in; a model call in flight is cut off within about a second."""
    with engine_database():
        client = client_of(home)
        try:
            await client.cancel_workflow_async(run_id)
        finally:
            client.destroy()
