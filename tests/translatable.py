"""What the bot says to people, found in its source: the templates of sentences, and words that go past the translator.

`python -m tests.translatable de` prints what the catalogue of that language lacks.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bot
from bot import errors
from bot.prompts.styles import load_styles
from bot.translation import catalogue

ROOT = Path(bot.__file__).parent
#: For the owner at a terminal, and the simulated Discord; what an error says stands where it is raised.
SILENT = ("cli", "playground", "storage/migrations", "doctor.py", "settings.py", "errors.py")
FIRST: tuple[int, ...] = (0,)
#: What makes a sentence, and which of its arguments are templates.
MAKERS = {"Sentence": FIRST, "Sentence.of": FIRST, "cls.of": FIRST, "Sentence.counted": (1, 2), "WrongValue": FIRST}
#: What says one: templates, or sentences that were made before.
SPEAKERS = {"say": FIRST, "reply": (1,)}
#: Rooms that people see, and where words stand there.
SHOWING = ("ui/", "cogs/", "delivery/")
SHOWS = {"TextDisplay", "send", "send_message", "said"}
SHOWN = {"label", "placeholder", "title", "text", "content"}
FIELD = re.compile(r"\{(\w*)[^{}]*\}")
WORD = re.compile(r"[^\W\d_]{2,}")


Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unclear(Exception):
    """Which texts a node stands for cannot be seen."""


@dataclass(eq=False)
class Module:
    """A file, with what its names stand for."""

    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Module:
        module = cls(path, ast.parse(path.read_text(encoding="utf-8")))
        for node in module.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(name)], value=value):
                    module.constants[name] = value
                case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                    module.constants[name] = value
                case ast.ImportFrom(module=str(origin), names=names):
                    module.imports |= {each.asname or each.name: (origin, each.name) for each in names}
        return module

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT.parent)}:{getattr(node, 'lineno', 0)}"


class Source:
    """All modules that speak to people."""

    def __init__(self) -> None:
        paths = sorted(ROOT.rglob("*.py"))
        self.modules = {_dotted(path): Module.read(path) for path in paths}
        self._speaking = [module for module in self.modules.values() if not _is_silent(module.path)]
        mistakes = {name for name, each in vars(errors).items() if _is_for_people(each)}
        self._makers = MAKERS | dict.fromkeys(mistakes, FIRST)
        self._forwarding: dict[str, set[int | str]] = {}

    def templates(self) -> dict[str, str]:
        """Every template with the place where it stands. Raises `Unclear` where one cannot be seen."""
        while True:
            known = {name: set(places) for name, places in self._forwarding.items()}
            found = self._pass()
            if known == self._forwarding:
                break
        for name, each in vars(errors).items():
            if _is_for_people(each):
                found.setdefault(" ".join((each.__doc__ or "").split()), f"bot/errors.py, {name}")
        styles = load_styles()
        found |= {styles.get(name).description: "bot/prompts/styles.json" for name in styles.names}
        return {template: place for template, place in found.items() if WORD.search(FIELD.sub("", template))}

    def unaddressed(self) -> Iterator[str]:
        """Calls of what speaks that do not say to whom: English would be the answer."""
        speaking = {
            (name, module if name.startswith("_") else None): place
            for module in self._speaking
            for name, place in _speaking(module.tree)
        }
        for module in self._speaking:
            for _, call in _calls(module.tree):
                name = _name(call.func).rpartition(".")[2]
                place = speaking.get((name, module if name.startswith("_") else None), -1)
                if place >= len(call.args) and "speech" not in [each.arg for each in call.keywords]:
                    yield f"{module.place(call)}: {ast.unparse(call)}"

    def bypassing(self) -> Iterator[str]:
        """Words that people would read in English, whoever they are."""
        for module in self._speaking:
            if not module.path.relative_to(ROOT).as_posix().startswith(SHOWING):
                continue
            for _, call in _calls(module.tree):
                keywords = [each.value for each in call.keywords if each.arg in SHOWN]
                shows = _name(call.func).rpartition(".")[2] in SHOWS
                for argument in (*keywords, *(call.args[:1] if shows else ())):
                    if WORD.search(FIELD.sub("", "".join(_literals(argument)))):
                        yield f"{module.place(call)}: {ast.unparse(argument)}"

    def _pass(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for module in self._speaking:
            for scopes, call in _calls(module.tree):
                for argument, is_clear in self._arguments(call):
                    try:
                        texts = self._texts(argument, module, scopes)
                    except Unclear as error:
                        if is_clear:
                            raise Unclear(f"{module.place(call)}: which sentence this is cannot be seen") from error
                    else:
                        found |= {text: module.place(call) for text in texts if text not in found}
        return found

    def _arguments(self, call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
        """The arguments that are templates, and whether they are nothing else."""
        name = _name(call.func)
        last = name.rpartition(".")[2]
        if last == "map" and len(call.args) > 1 and _name(call.args[0]).rpartition(".")[2] in SPEAKERS:
            yield call.args[1], False
        makes = self._makers.get(name)
        places: set[int | str] = {*(makes or SPEAKERS.get(last, ())), *self._forwarding.get(last, ())}
        for index, argument in enumerate(call.args):
            if index in places and not isinstance(argument, ast.Starred):
                yield argument, makes is not None
        for keyword in call.keywords:
            if keyword.arg in places:
                yield keyword.value, False

    def _texts(self, node: ast.expr, module: Module, scopes: list[Function]) -> list[str]:
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.Attribute(attr="template" | "detail") | ast.Constant(value=None):
                # Of a sentence that is made elsewhere, and found there; an executor's detail is an error's.
                return []
            case ast.Call() if _name(node.func) in self._makers or _name(node.func) in self._functions_of(module):
                return []
            case ast.Name(name):
                return self._named(name, module, scopes)
        return [text for each in _alternatives(node) for text in self._texts(each, module, scopes)]

    def _functions_of(self, module: Module) -> set[str]:
        return {each.name for each in module.tree.body if isinstance(each, Function)} | set(module.imports)

    def _named(self, name: str, module: Module, scopes: list[Function]) -> list[str]:
        for scope in reversed(scopes):
            values = list(_assigned(name, scope))
            if values:
                return [text for value in values for text in self._texts(value, module, scopes)]
            parameters = [each.arg for each in (*scope.args.posonlyargs, *scope.args.args)]
            if name in parameters:
                is_method = parameters[0] in ("self", "cls")
                self._forwarding.setdefault(scope.name, set()).update({name, parameters.index(name) - is_method})
                return []
            if name in [each.arg for each in scope.args.kwonlyargs]:
                self._forwarding.setdefault(scope.name, set()).add(name)
                return []
        if name in module.constants:
            return self._texts(module.constants[name], module, [])
        origin, there = module.imports.get(name, ("", ""))
        if origin in self.modules and there in self.modules[origin].constants:
            return self._texts(self.modules[origin].constants[there], self.modules[origin], [])
        raise Unclear(name)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """What a node may stand for. Raises `Unclear`."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case ast.BoolOp(values=values) | ast.Dict(values=values):
            return values
        case ast.Tuple(elts=values) | ast.List(elts=values):
            return values
        case ast.Subscript(value=mapping) | ast.Starred(value=mapping):
            return [mapping]
        case ast.Call(func=ast.Attribute(value=mapping, attr="get"), args=[_, *default]):
            return [mapping, *default]
    raise Unclear(ast.unparse(node))


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_silent(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(SILENT)


def _is_for_people(error: object) -> bool:
    return (
        isinstance(error, type) and issubclass(error, errors.BotError) and not issubclass(error, errors.StartupFailed)
    )


def _speaking(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The functions that take a `Speech`, and how many arguments stand before it."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            names = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
            if "speech" in names:
                yield node.name, names.index("speech")
            elif "speech" in [each.arg for each in node.args.kwonlyargs]:
                yield node.name, sys.maxsize


def _literals(node: ast.expr) -> Iterator[str]:
    """What is written out in a text; what an f-string fills in is not."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _literals(value)
        case ast.BinOp(left=left, right=right):
            yield from _literals(left)
            yield from _literals(right)
        case ast.IfExp(body=one, orelse=other):
            yield from _literals(one)
            yield from _literals(other)


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _calls(tree: ast.AST, scopes: tuple[Function, ...] = ()) -> Iterator[tuple[list[Function], ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        inner = (*scopes, node) if isinstance(node, Function) else scopes
        if isinstance(node, ast.Call):
            yield list(scopes), node
        yield from _calls(node, inner)


def _assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """Everything that this name stands for somewhere in a function."""
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(named)], value=value) if named == name:
                yield value
            case ast.AnnAssign(target=ast.Name(named), value=ast.expr() as value) if named == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                # One tuple, or one of two.
                tuples = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                for index, target in enumerate(targets):
                    if isinstance(target, ast.Name) and target.id == name:
                        yield from (each.elts[index] for each in tuples if isinstance(each, ast.Tuple))


if __name__ == "__main__":
    known = catalogue(sys.argv[1]).sentences if len(sys.argv) > 1 else {}
    for template, place in Source().templates().items():
        if template not in known:
            sys.stdout.write(f"{place}\n    {template!r}\n")
