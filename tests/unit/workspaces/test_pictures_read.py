"""Pictures that nobody vouches for: read within bounds, stripped, and kept for the owner's eyes alone."""

import os
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.worlds.pictures import chunk, header, png

from pointsman.workspaces.gallery import DAYS, Gallery
from pointsman.workspaces.launcher import _results
from pointsman.workspaces.png import MOST_BYTES, SIGNATURE, NotAPicture, cleaned


def test_a_picture_is_written_anew_without_texts_profiles_and_times() -> None:
    plain = png(3, 2)
    extras = (
        chunk(b"tEXt", b"Comment\0hello") + chunk(b"eXIf", b"MM") + chunk(b"iTXt", b"x") + chunk(b"acTL", b"8" * 8)
    )
    dressed = plain[:33] + extras + plain[33:] + b"trailing <script>"
    assert cleaned(dressed) == (plain, 3, 2)
    assert cleaned(plain)[0] == plain


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "begin"),
        (b"GIF89a", "begin"),
        (SIGNATURE, "stand where"),
        (png(3, 2)[:-6], "middle|longer"),
        (png(3, 2)[:40] + b"\0" + png(3, 2)[41:], "checksum|longer"),
        (png(100_000, 2, rows=b""), "100000 by 2"),
        (png(0, 2, rows=b""), "0 by 2"),
        (png(3, 2, rows=b"\0" * 50_000_000), "more or fewer"),
        (png(3, 2, rows=b"\0"), "more or fewer"),
        (SIGNATURE + header(3, 2, colour=9) + chunk(b"IEND", b""), "kind"),
        (SIGNATURE + header(3, 2, interlace=1) + chunk(b"IEND", b""), "kind"),
        (SIGNATURE + chunk(b"IHDR", b"x") + chunk(b"IEND", b""), "wrong length"),
        (SIGNATURE + header(3, 2) + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""), "cannot be read"),
        (SIGNATURE + header(3, 2) + header(3, 2) + chunk(b"IEND", b""), "stand where"),
        (SIGNATURE + struct.pack(">I4s", 2**31, b"IDAT"), "longer|middle"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * MOST_BYTES, "bytes"),
    ],
)
def test_what_is_no_plain_picture_is_refused_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotAPicture, match=why):
        cleaned(data)


def test_a_bomb_is_inflated_no_further_than_its_header_says() -> None:
    bomb = zlib.compress(b"\0" * 60_000_000, 9)
    data = SIGNATURE + header(3, 2) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    with pytest.raises(NotAPicture, match="more or fewer"):
        cleaned(data)


def test_the_launcher_takes_plain_files_of_sane_size_only(tmp_path: Path) -> None:
    good, secret = tmp_path / "good", tmp_path / "secret"
    good.write_bytes(b"picture")
    secret.write_bytes(b"secret")
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "hard").hardlink_to(secret)
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(100 * 2**20)
    (tmp_path / "folder").mkdir()
    assert _results(good, 2**20) == b"picture"
    assert [_results(tmp_path / name, 2**20) for name in ("link", "pipe", "hard", "huge", "folder", "none")] == [
        b""
    ] * 6


def test_a_gallery_keeps_by_digest_for_its_owner_and_notices_what_was_changed_or_is_gone(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "pictures")
    sha256 = gallery.keep(png(3, 2))
    place = gallery.found(sha256)
    assert place is not None
    assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert gallery.load(sha256) == png(3, 2)
    assert [gallery.load(name) for name in ("", "../" + sha256, "0" * 64, "é" * 64)] == [None] * 4
    place.write_bytes(b"other")
    assert gallery.load(sha256) is None


def test_pictures_go_after_their_days_and_kept_anew_they_stay(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "pictures")
    old, fresh = gallery.keep(png(3, 2)), gallery.keep(png(4, 4))
    now = 2_000_000_000.0
    for sha256, age in ((old, DAYS + 1), (fresh, DAYS - 1)):
        place = gallery.found(sha256)
        assert place is not None
        os.utime(place, (now - age * 86_400,) * 2)
    assert gallery.sweep(now) == 1
    assert (gallery.found(old), gallery.found(fresh) is not None) == (None, True)
    assert gallery.sweep(now) == 0
    assert Gallery(tmp_path / "none").sweep(now) == 0


def test_two_threads_that_keep_the_same_picture_at_once_both_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, data = Gallery(tmp_path / "pictures"), png(3, 2)
    both, replace = threading.Barrier(2), Path.replace

    def together(self: Path, target: Path) -> Path:
        both.wait(10)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", together)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(gallery.keep, (data, data))
    assert first == second
    assert gallery.load(first) == data
    assert len(list((tmp_path / "pictures").iterdir())) == 1


def test_a_picture_that_another_process_swept_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(tmp_path / "pictures")
    gallery.keep(png(3, 2))
    listed, iterdir = list((tmp_path / "pictures").iterdir()), Path.iterdir
    gone = [tmp_path / "pictures" / ".draft", *listed]
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(gone) if self.name == "pictures" else iterdir(self))
    assert gallery.sweep(4_000_000_000.0) == 1


def test_a_picture_of_a_run_that_keeps_its_words_for_days_goes_with_them_unless_another_run_keeps_it_longer(
    tmp_path: Path,
) -> None:
    gallery, now = Gallery(tmp_path / "pictures"), time.time()
    none, week, both = (gallery.for_days(days).keep(png(side, 2)) for days, side in ((0, 3), (7, 4), (90, 5)))
    assert gallery.for_days(0).keep(png(5, 2)) == both
    for days, there in ((0.5, {none, week, both}), (1.5, {week, both}), (7.5, {both}), (30.5, set())):
        gallery.sweep(now + days * 86_400)
        assert {sha256 for sha256 in (none, week, both) if gallery.found(sha256)} == there
