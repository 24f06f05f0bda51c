"""What the caller has really heard: agent audio is paced out, marked, and counted as it is played.

The phone plays eight bytes a millisecond from a buffer we cannot see. A mark tells that everything
before it was played; between marks the position is the last proven one plus the time since, never
past the next mark. So a position given here was played, whatever is still buffered. A `clear`
throws the buffer away and returns all its marks at once: those prove nothing, so marks carry the
number of the stretch they belong to and a muted stretch's marks are not counted.

Times are in seconds, from any fixed start.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from app.protocol.twilio import BYTES_PER_MS, FRAME_BYTES

#: Bytes of one second of mu-law audio.
RATE = BYTES_PER_MS * 1000
#: A mark follows the first frame of a stretch, every so many frames, and the last one.
FRAMES_PER_MARK = 5
#: How far the frames sent may run ahead of the lead or behind it, in bytes: 40 ms.
SLACK = 2 * FRAME_BYTES
#: Marks that are not back so long after their audio must have been played do not come any more.
MARK_PATIENCE_S = 4.0
#: Most items remembered as cut, so that late audio of them is told from new audio.
REMEMBERED_CUTS = 64


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of one item the caller heard.

    `heard_ms` is never more than was played or received; `complete` where that is all there is.
    """

    item_id: str
    content_index: int
    heard_ms: int
    received_ms: int
    complete: bool


class _Item:
    __slots__ = (
        "_from",
        "audio",
        "base",
        "content_index",
        "ended",
        "item_id",
        "line_start",
        "sent",
    )

    def __init__(self, item_id: str, content_index: int) -> None:
        self.item_id = item_id
        self.content_index = content_index
        self.audio = bytearray()
        self.base = 0
        """Offset in the item of the first byte still held."""
        self.sent = 0
        """Offset up to which it was sent."""
        self.line_start: int | None = None
        """Where on the line its first byte of this stretch lies."""
        self._from = 0
        self.ended = False

    @property
    def received(self) -> int:
        return self.base + len(self.audio)

    def take(self, size: int, line: int) -> bytes:
        if self.line_start is None:
            self.line_start, self._from = line, self.sent
        start = self.sent - self.base
        chunk = bytes(self.audio[start : start + size])
        self.sent += len(chunk)
        return chunk

    def played(self, line: int) -> int:
        """Bytes of the item played when the line was played up to `line`."""
        if self.line_start is None:
            return self._from
        return min(self._from + max(0, line - self.line_start), self.sent)

    def settle(self, line: int) -> None:
        """The line is thrown away: go on from what was played."""
        self.sent = self._from = self.played(line)
        self.line_start = None
        self.free(self.sent)

    def free(self, offset: int) -> None:
        if offset > self.base:
            del self.audio[: offset - self.base]
            self.base = offset

    def heard(self, line: int) -> Heard:
        played = self.played(line)
        return Heard(
            self.item_id,
            self.content_index,
            played // BYTES_PER_MS,
            self.received // BYTES_PER_MS,
            self.ended and played >= self.received,
        )


class Playback:
    """The agent's audio of one call, from the model's deltas to the phone's loudspeaker.

    `lead_ms` is how far ahead of the phone frames are sent: it covers the network's jitter.
    """

    def __init__(self, lead_ms: int = 200) -> None:
        self._lead = lead_ms * BYTES_PER_MS
        self._items: deque[_Item] = deque()
        self._cut: deque[str] = deque(maxlen=REMEMBERED_CUTS)
        self._stretch = 0
        self._muted = False
        self._reset()

    def _reset(self) -> None:
        # A stretch is a line of bytes sent one after the other without a clear in between.
        self._sent = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._mark_number = 0
        self._marked = 0
        self._proven = 0
        self._proven_at: float | None = None
        self._start: float | None = None
        self._played_at = 0.0
        """When the phone will have played all that was sent."""

    # What comes in

    def add(self, item_id: str, audio: bytes, content_index: int = 0) -> bool:
        """Take audio of an item. False where the item was cut: it must not be heard any more."""
        items = self._items
        if items and items[-1].item_id == item_id:
            item = items[-1]
        else:
            if item_id in self._cut:
                return False
            found = next((each for each in items if each.item_id == item_id), None)
            if found is None:
                found = _Item(item_id, content_index)
                items.append(found)
            item = found
        item.audio += audio
        return True

    def end(self, item_id: str) -> None:
        """No more audio will come for this item."""
        for item in self._items:
            if item.item_id == item_id:
                item.ended = True

    def acked(self, name: str, now: float) -> list[Heard]:
        """A mark came back. Returns the items that have now been heard to their end."""
        stretch, _, number = name.partition(":")
        if stretch != str(self._stretch) or not number.isdecimal():
            return []
        wanted = int(number)
        while self._marks and self._marks[0][0] <= wanted:
            self._proven = self._marks.popleft()[1]
            self._proven_at = now
        return self._finished()

    def marks_until(self) -> float | None:
        """When marks that are still out are given up; None where none are."""
        return self._played_at + MARK_PATIENCE_S if self._marks else None

    def give_up_marks(self) -> list[Heard]:
        """Count all that was sent as played, its marks having failed to come. As `acked`."""
        self._marks.clear()
        self._proven, self._proven_at = self._sent, None
        return self._finished()

    def finish_ended(self) -> list[Heard]:
        """The items that were heard to their end, where their end was told after their audio."""
        return self._finished()

    def _finished(self) -> list[Heard]:
        done: list[Heard] = []
        while self._items:
            item = self._items[0]
            played = item.played(self._proven)
            if item.ended and played >= item.received:
                done.append(item.heard(self._proven))
                self._items.popleft()
                continue
            item.free(played)
            break
        return done

    # What goes out

    def due(self, now: float, *, beat: bool = False) -> list[bytes | str]:
        """What to send now: audio frames (bytes) and names of marks (str), in order.

        The phone's own frames are the best clock there is: with each (`beat`) one frame leaves, for
        as long as that keeps near the lead. Between beats only what is late is sent. So frames are
        spaced as evenly as the phone's are, and neither clock's drift adds up.
        """
        if self._muted or not self._items:
            return []
        start = self._start
        if start is None or (now - start) * RATE >= self._sent:
            # The phone has run dry, or nothing was sent yet: begin again from here.
            start = self._start = now - self._sent / RATE
            target = self._sent + self._lead
        else:
            target = round((now - start) * RATE) + self._lead - SLACK
            if beat and self._sent < target + 2 * SLACK:
                target = max(target, self._sent + 1)
        if self._sent >= target and self._marked == self._sent:
            return []
        out: list[bytes | str] = []
        for item in self._items:
            received = item.base + len(item.audio)
            while self._sent < target:
                held = received - item.sent
                if held < FRAME_BYTES and not (item.ended and held):
                    break
                first = self._sent == self._proven
                if first:
                    self._proven_at = None
                frame = item.take(FRAME_BYTES, self._sent)
                self._sent += len(frame)
                out.append(frame)
                if first or self._sent - self._marked >= FRAMES_PER_MARK * FRAME_BYTES:
                    out.append(self._mark())
            if received - item.sent >= FRAME_BYTES or not item.ended:
                break
        if self._marked < self._sent and not self._more():
            out.append(self._mark())
        if out:
            self._played_at = start + self._sent / RATE
        return out

    def _mark(self) -> str:
        self._mark_number += 1
        self._marked = self._sent
        self._marks.append((self._mark_number, self._sent))
        return f"{self._stretch}:{self._mark_number}"

    def _more(self) -> bool:
        """Whether a whole frame, or the end of an item, is waiting to be sent."""
        for item in self._items:
            held = item.received - item.sent
            if held >= FRAME_BYTES or (held and item.ended):
                return True
            if not item.ended:
                return False
        return False

    def next_due(self, now: float) -> float | None:
        """When `due` will next have something, or None where it waits for audio."""
        if self._muted or not self._more():
            return None
        if self._start is None:
            return now
        return max(now, self._start + (self._sent - self._lead + SLACK) / RATE)

    # What was heard

    def _line(self, now: float) -> int:
        """How far the line was played, as far as is known."""
        if self._proven_at is None:
            return self._proven
        limit = self._marks[0][1] if self._marks else self._sent
        return min(self._proven + int((now - self._proven_at) * RATE + 1e-3), limit)

    def heard(self, item_id: str, now: float) -> Heard | None:
        """How much of an item was played; None where it is not in the queue (any more)."""
        line = self._line(now)
        return next((each.heard(line) for each in self._items if each.item_id == item_id), None)

    def received(self, item_id: str) -> int:
        """Bytes of an item that were taken in; 0 where it is not in the queue."""
        return next((each.received for each in self._items if each.item_id == item_id), 0)

    def end_all(self) -> None:
        """No more audio will come for any item: the model's session is gone."""
        for item in self._items:
            item.ended = True

    def left_ms(self, now: float) -> int:
        """How much of what was received was not played yet."""
        line = self._line(now)
        return sum(each.received - each.played(line) for each in self._items) // BYTES_PER_MS

    @property
    def pending(self) -> bool:
        """True while an item has not been heard to its end, be it sent or not."""
        return bool(self._items)

    @property
    def muted(self) -> bool:
        """True between `mute` and `resume` or `cut`."""
        return self._muted

    @property
    def sounding(self) -> bool:
        """True while the phone holds audio that it is not known to have played."""
        return self._sent > self._proven

    # Barge-in

    def mute(self, now: float) -> bool:
        """Stop sending and count what was played so far. True where a `clear` must be sent."""
        line = self._line(now)
        must_clear = self.sounding
        for item in self._items:
            item.settle(line)
        self._muted = True
        self._stretch += 1
        self._reset()
        return must_clear

    def resume(self) -> None:
        """Go on from where it was muted."""
        self._muted = False

    def cut(self, now: float) -> list[Heard]:
        """Drop all that was not heard, for good. Returns how much of each item was, in order.

        The phone's buffer must be cleared too, unless the line was muted before.
        """
        if not self._muted:
            self.mute(now)
        self._muted = False
        out = [item.heard(0) for item in self._items]
        self._cut.extend(item.item_id for item in self._items)
        self._items.clear()
        return out

    def forget(self, item_id: str) -> None:
        """Late audio of this item is to be dropped, though none has come yet."""
        self._cut.append(item_id)
