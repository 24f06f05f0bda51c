"""A search over an agent's knowledge: passages in an SQLite full-text index (FTS5) in memory.

Sources: SQLite docs, "FTS5 Extension" (bm25, the porter and unicode61 tokenizers).
"""

from __future__ import annotations

import functools
import re
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.agent.knowledge import Knowledge
from app.core.tools.passages import Passage, read_markdown, read_question
from app.errors import SettingsError

MAX_FILES = 500
MAX_FILE_BYTES = 1_000_000
MAX_WORDS = 24
#: Words that say nothing about what is asked for, in the languages that come with the program.
_EMPTY = frozenset(
    (
        "a an and are at can could do does for have how i in is it me my of on or our please tell "
        "that the there this to we what when where which who will with you your "
        "der die das den dem ein eine einen und oder ist sind kann können sie ich wir wie was wann "
        "wo haben gibt es mit für bei auf zu im am "
        "el la los las un una y o es son puede pueden usted yo como que cuando donde hay con para "
        "en de le les des du et ou est sont peut pouvez vous je nous comment quand quel quelle "
        "avec pour"
    ).split()
)
_WORD = re.compile(r"\w+")


class KnowledgeIndex:
    """Passages of one agent, searched in a few milliseconds. Safe to use from any greenlet."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            "CREATE VIRTUAL TABLE passage USING fts5("
            "title, text, source UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        rows = [(passage.title, passage.text, passage.source) for passage in passages]
        self._database.executemany("INSERT INTO passage VALUES (?, ?, ?)", rows)
        self._database.commit()
        self.size = len(rows)

    def search(self, query: str, limit: int = 3) -> list[Passage]:
        """Return the passages that fit the query best, best first; none if no word fits."""
        words = [word for word in _WORD.findall(query.lower()) if word not in _EMPTY][:MAX_WORDS]
        if not words:
            return []
        # The stemmer takes "deliveries" and "deliver" for two words; their beginning is one.
        forms = [f'"{word}"' for word in words]
        forms += [f'"{word[:-3]}" *' for word in words if len(word) >= 7]
        wanted = " OR ".join(dict.fromkeys(forms))
        with self._lock:
            rows = self._database.execute(
                "SELECT title, text, source FROM passage WHERE passage MATCH ? "
                "ORDER BY bm25(passage, 4.0, 1.0) LIMIT ?",
                (wanted, limit),
            ).fetchall()
        return [Passage(*row) for row in rows]

    def close(self) -> None:
        """Free the index."""
        self._database.close()


def read_folder(folder: Path) -> list[Passage]:
    """Read the Markdown files of a folder and its subfolders.

    Raises SettingsError if the folder or a file cannot be read, or there is too much of it.
    """
    if not folder.is_dir():
        raise SettingsError([f"knowledge.folder: {folder} is no folder"])
    files = sorted(folder.rglob("*.md"))
    if len(files) > MAX_FILES:
        raise SettingsError([f"knowledge.folder: more than {MAX_FILES} files in {folder}"])
    passages: list[Passage] = []
    for path in files:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise SettingsError([f"knowledge.folder: {path} is larger than 1 MB"])
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = f"knowledge.folder: {path} cannot be read ({type(error).__name__})"
            raise SettingsError([problem]) from None
        passages += read_markdown(text, str(path.relative_to(folder)))
    return passages


def read_knowledge(knowledge: Knowledge) -> list[Passage]:
    """The passages of an agent's knowledge. Raises SettingsError; see `read_folder`."""
    passages = [read_question(item.question, item.answer) for item in knowledge.items]
    return passages + (read_folder(Path(knowledge.folder)) if knowledge.folder else [])


@functools.lru_cache(maxsize=64)
def open_index(knowledge: Knowledge) -> KnowledgeIndex:
    """The index of an agent's knowledge, made once in a process."""
    return KnowledgeIndex(read_knowledge(knowledge))


def search_knowledge(index: KnowledgeIndex, query: str) -> dict[str, Any]:
    """The tool: what is known about `query`, as a tool's result."""
    found = index.search(query)
    if not found:
        message = "Nothing is known about that. Say so, and offer to take a message."
        return {"ok": False, "output": {"error": "nothing_found", "message": message}, "say": None}
    passages = [
        {"title": passage.title, "text": passage.text, "source": passage.source}
        for passage in found
    ]
    return {"ok": True, "output": {"passages": passages}, "say": None}
