"""The languages whose definitions are found: by which endings, with which expression, and how a definition ends.

An expression is searched in a text with a newline put before it, and begins with that newline, so that only
beginnings of lines are looked at. Its one named group is the definition's name; the first letter of the group's name
says what is defined. Every repetition is possessive or bounded, so that no text takes more than linear time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pointsman.workspaces.code_map import masks

Kind = Literal["function", "type", "module", "value"]
KINDS: Mapping[str, Kind] = {"f": "function", "t": "type", "m": "module", "v": "value"}

_ARGS = r"\([^()]{0,600}+(?:\([^()]{0,200}+\)[^()]{0,300}+){0,4}+\)"
_ARROW = rf"(?:async[ \t]++)?(?:function\b|(?:{_ARGS}[ \t]*+(?::[^=\n{{}}]{{1,120}}+)?|[\w$]++)[ \t]*+=>)"


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its name, its definitions, what in it is no code, and by what a definition ends."""

    name: str
    definition: str
    foreign: re.Pattern[str]
    ends_by: Literal["indentation", "braces", "end", "semicolon"] = "braces"

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, made when the language is first met."""
        return _compiled(self.definition)


@cache
def _compiled(definition: str) -> re.Pattern[str]:
    return re.compile(definition, re.VERBOSE)


PYTHON = Language(
    "python",
    # Most lines begin with no letter that could open a definition, and are passed over at once.
    r"""\n(?=[ \t]*+[acdp]|[A-Za-z_])(?:
      [ \t]*+(?:async[ \t]++)?(?:c?p?def[ \t]++(?:inline[ \t]++)?|def[ \t]++)(?P<f1>\w++)[ \t]*+[(\[]
    | [ \t]*+class[ \t]++(?P<t1>\w++)[ \t]*+[(:\[]
    | type[ \t]++(?P<t2>[A-Z]\w*+)(?:\[[^\]\n]{1,120}+\])?[ \t]*+=
    | (?P<v1>[A-Za-z_]\w*+)[ \t]*+(?::[^=\n]{1,120}+)?=(?!=)
    )""",
    masks.PYTHON,
    "indentation",
)

JAVASCRIPT = Language(
    "javascript",
    rf"""\n(?:
      [ \t]*+(?:(?:export|default|declare|async)[ \t]++)*+function[ \t]*+\*?[ \t]*+(?P<f1>[\w$]++)(?=[ \t]*+[(<])
    | [ \t]*+(?:(?:export|default|declare|abstract)[ \t]++)*+class[ \t]++(?P<t1>[\w$]++)
        (?=[ \t]*+(?:[<{{\n]|extends\b|implements\b))
    | [ \t]*+(?:(?:export|declare|const|default)[ \t]++)*+(?:interface|enum)[ \t]++(?P<t2>[\w$]++)
        (?=[ \t]*+(?:[<{{\n]|extends\b))
    | [ \t]*+(?:(?:export|declare)[ \t]++)*+type[ \t]++(?P<t3>[\w$]++)[ \t]*+(?:<[^\n;]{{1,200}}>)?[ \t]*+=
    | [ \t]*+(?:(?:export|declare)[ \t]++)*+(?:namespace|module)[ \t]++["']?(?P<m1>[\w$./-]++)["']?[ \t]*+\{{
    | [ \t]*+(?:export[ \t]++)?(?:const|let|var)[ \t]++(?P<f2>[\w$]++)[ \t]*+(?::[^=\n]{{1,200}}+)?=[ \t]*+{_ARROW}
    | (?:export[ \t]++)?(?:const|let|var)[ \t]++(?P<v1>[\w$]++)[ \t]*+(?::[^=\n]{{1,200}}+)?=
    | [ \t]*+(?:[\w$]++\.){{1,4}}(?P<f3>[\w$]++)[ \t]*+=[ \t]*+{_ARROW}
    | [ \t]++(?:(?:public|private|protected|static|async|override|readonly|abstract|get|set|declare)[ \t]++)*+
        \*?[ \t]*+(?!(?:if|for|while|switch|catch|function|return|with|super|await|typeof|new)\b)(?P<f4>[\w$\#]++)
        (?:<[^<>(){{}}\n]{{0,120}}+>)?[ \t]*+{_ARGS}[ \t]*+(?::[^={{}};\n]{{1,160}}+)?[ \t]*+\{{
    | [ \t]++(?:(?:public|private|protected|static|readonly)[ \t]++)*+(?!(?:return|case|default)\b)
        (?P<f5>[\w$\#]++)[ \t]*+[:=][ \t]*+{_ARROW}
    )""",
    masks.JAVASCRIPT,
)

GO = Language(
    "go",
    r"""\n(?:
      func[ \t]++(?:\([^()\n]{0,200}+\)[ \t]*+)?(?P<f1>\w++)[ \t]*+[(\[]
    | [ \t]*+type[ \t]++(?P<t1>\w++)(?=[ \t\[])
    | \t(?P<t2>\w++)(?:\[[^\]\n]{1,80}+\])?[ \t]++(?:struct|interface)[ \t]*+\{(?=[ \t]*+\n)
    | (?:const|var)[ \t]++(?P<v1>\w++)
    | \t(?P<v2>[A-Z]\w*+)(?:[ \t]++[\w.*\[\]]++)?[ \t]++=[ \t]
    )""",
    masks.GO,
)

_NO_TYPE = (
    r"(?!(?:return|new|else|throw|await|yield|case|assert|package|import|goto|in|is|do|using|lock|not|and|or|if|while"
    r"|for|switch|catch|instanceof|operator|delegate|select|from|where|let)\b)"
)
_TYPE = rf"{_NO_TYPE}[\w.]++(?:<[^(){{}};=\n]{{0,160}}>)?\??(?:\[[\], ]{{0,6}}+)?\??"
_NOTED = r"(?:@[\w.]++(?:\([^()\n]{0,200}+\))?[ \t]++)*+"
_JAVA_MODIFIERS = (
    r"(?:(?:public|private|protected|static|final|abstract|synchronized|native|default|strictfp|sealed|non-sealed)"
    r"[ \t]++)*+"
)

JAVA = Language(
    "java",
    rf"""\n[ \t]*+{_NOTED}{_JAVA_MODIFIERS}(?:
      (?:class|interface|enum|record|@interface)[ \t]++(?P<t1>\w++)
        (?=[ \t]*+(?:[<({{\n]|extends\b|implements\b|permits\b))
    | (?:<[^(){{}};\n]{{1,160}}>[ \t]++)?{_TYPE}[ \t]++(?P<f1>\w++)[ \t]*+\(
    | (?<=[ \t])(?P<f2>[A-Z]\w*+)[ \t]*+{_ARGS}\s{{0,80}}+(?:throws[^{{}};]{{1,200}}+)?\{{
    | (?<=[ \t])(?:{_TYPE}[ \t]++)(?P<v1>[A-Z][A-Z0-9_]++)[ \t]*+=
    )""",
    masks.C_LIKE,
)

_CSHARP_MODIFIERS = (
    r"(?:(?:public|private|protected|internal|static|sealed|abstract|virtual|override|async|partial|readonly|unsafe"
    r"|extern|new|ref|required|file|const|volatile)[ \t]++)*+"
)

CSHARP = Language(
    "csharp",
    rf"""\n[ \t]*+(?:\[[^\]\n]{{1,200}}+\][ \t]*+)*+{_CSHARP_MODIFIERS}(?:
      namespace[ \t]++(?P<m1>[\w.]++)
    | (?:class|interface|struct|enum|record(?:[ \t]++(?:class|struct))?)[ \t]++(?P<t1>\w++)
        (?=[ \t]*+[<({{:\n;]|[ \t]++where\b)
    | delegate[ \t]++{_TYPE}[ \t]++(?P<t2>\w++)[ \t]*+[(<]
    | (?:{_TYPE}|implicit|explicit)[ \t]++operator[ \t]*+(?P<f1>[^\s(]{{1,20}}+)[ \t]*+\(
    | {_TYPE}[ \t]++(?:[A-Z][\w.]*\.)?(?P<f2>\w++)(?:<[^(){{}};\n]{{1,80}}>)?[ \t]*+\(
    | (?<=[ \t])(?P<f3>[A-Z]\w*+)[ \t]*+{_ARGS}\s{{0,80}}+(?::[ \t]*+(?:base|this)\b|\{{|=>)
    | {_TYPE}[ \t]++(?P<v1>[A-Z]\w*+)\s{{0,80}}+(?:\{{\s{{0,80}}+(?:get|set|init)\b|=>)
    )""",
    masks.CSHARP,
)

_NO_C = (
    r"(?!(?:if|else|for|while|switch|return|do|case|goto|sizeof|catch|new|delete|throw|using|typedef|defined|co_return"
    r"|co_await|co_yield|assert|static_assert|not|and|or|public|private|protected|class|struct|enum|union|namespace"
    r"|default)\b)"
)
_C_NAME = (
    r"(?:\w++(?:<[^<>;(){}\n]{0,80}+>)?::)*+"
    r"(?:operator[ \t]*+(?:\(\)|\[\]|[^\s\w(]{1,3}+|[ \t]\w[\w \t*&:]{0,40})|~?\w++)"
)

C = Language(
    "c",
    rf"""\n(?:
      [ \t]*+\#[ \t]*+define[ \t]++(?P<v1>\w++)
    | [ \t]*+(?:inline[ \t]++)?namespace[ \t]++(?P<m1>[\w:]++)\s{{0,80}}+\{{
    | [ \t]*+(?:template[ \t]*+<[^;(){{}}\n]{{0,200}}>[ \t]*+)?(?:typedef[ \t]++)?
        (?:class|struct|union|enum(?:[ \t]++(?:class|struct))?)[ \t]++
        (?:[A-Z_]{{3,}}+(?:\([^()\n]{{0,80}}+\))?[ \t]++)?
        (?P<t1>\w++)(?:<[^;{{}}\n]{{0,120}}>)?(?:[ \t]++final)?(?=\s{{0,80}}+(?:\{{|:(?!:)))
    | \}}[ \t]*+(?P<t2>\w++)[ \t]*+;
    | [ \t]*+(?:template[ \t]*+<[^;(){{}}\n]{{0,200}}>[ \t]*+)?using[ \t]++(?P<t3>\w++)[ \t]*+=
    | [ \t]*+typedef[ \t][^;{{}}()\n]{{1,200}}[ \t*&>](?P<t4>\w++)[ \t]*+;
    | (?:TYPED_TEST|TEST|TEST_F|TEST_P)[ \t]*+\([ \t]*+\w++,[ \t]*+(?P<f1>\w++)[ \t]*+\)
    | [ \t]*+(?:template[ \t]*+<[^;(){{}}\n]{{0,200}}>[ \t]*+)?(?:\[\[[^\]\n]{{1,80}}+\]\][ \t]*+)?{_NO_C}
        (?:[\w:]++(?:<[^;(){{}}\n]{{0,160}}>)?(?:::\w++)?[ \t*&]++){{0,6}}
        (?![A-Z][A-Z0-9_]*+[ \t]*+\(){_NO_C}(?P<f2>{_C_NAME})[ \t]*+{_ARGS}
        (?:\s{{0,80}}+(?:const|noexcept|override|final|mutable|&&?|throw\(\)|->[^;{{}}=\n]{{1,80}}+))*+
        \s{{0,80}}+(?=\{{|:(?!:)|try\b)
    )""",
    masks.CPP,
)

RUST = Language(
    "rust",
    r"""\n[ \t]*+(?:pub(?:\([^)\n]{0,40}+\))?[ \t]++)?(?:
      (?:(?:const|async|unsafe|default|extern(?:[ \t]++"[^"\n]{0,20}+")?)[ \t]++)*+fn[ \t]++
        (?P<f1>\w++)(?=[ \t]*+[(<])
    | (?:unsafe[ \t]++)?(?:auto[ \t]++)?(?:struct|enum|trait|union|type)[ \t]++(?P<t1>\w++)
        (?=[ \t]*+[<({;=:\n]|[ \t]++where\b)
    | (?:unsafe[ \t]++)?impl\b(?:<[^{}\n]{0,200}>)?[ \t]++(?:[^{}\n]{1,200}[ \t]for[ \t]++)?&?(?:dyn[ \t]++)?
        (?:\w++::)*+(?P<t2>\w++)(?=[ \t]*+[<{\n]|[ \t]++where\b)
    | macro_rules![ \t]*+(?P<f2>\w++)
    | mod[ \t]++(?P<m1>\w++)(?=[ \t]*+[{;\n])
    | (?:const|static)[ \t]++(?:mut[ \t]++)?(?P<v1>\w++)[ \t]*+:
    )""",
    masks.RUST,
)

RUBY = Language(
    "ruby",
    r"""\n[ \t]*+(?:
      (?:(?:private|protected|public|module_function|private_class_method|memoize)[ \t]++)?def[ \t]++
        (?:self\.|[A-Z]\w*+\.)?(?P<f1>\w++(?:[?!]|=(?=[ \t]*+\())?|[+\-*/%<=>!~^&|\[\]]{1,3}+)(?=[\s(;]|$)
    | class[ \t]++(?P<t1>[A-Z][\w:]*+)(?=[ \t]*+(?:<|\n|\r|;|\#))
    | module[ \t]++(?P<m1>[A-Z][\w:]*+)(?=[ \t]*+[\n\r;\#])
    | (?:attr_accessor|attr_reader|attr_writer|define_method|scope|alias_method)[ \t(]++:(?P<f2>\w++[?!]?)
    | (?P<v1>[A-Z][A-Z0-9_]*+)[ \t]*+=(?![=~>])
    | (?P<t2>[A-Z]\w*+)[ \t]*+=[ \t]*+(?:Struct|Class|Data)\.(?:new|define)\b
    )""",
    masks.RUBY,
    "end",
)

PHP = Language(
    "php",
    r"""\n[ \t]*+(?:<\?php[ \t]++)?(?:\#\[[^\]\n]{1,200}+\][ \t]*+)?
    (?:(?:abstract|final|public|private|protected|static|readonly)[ \t]++)*+(?:
      function[ \t]++&?[ \t]*+(?P<f1>\w++)[ \t]*+\(
    | (?:class|interface|trait|enum)[ \t]++(?P<t1>\w++)(?=[ \t]*+[{:\n\r]|[ \t]++(?:extends|implements)\b)
    | const[ \t]++(?:\??[\w|]++[ \t]++)?(?P<v1>\w++)[ \t]*+=
    | define\([ \t]*+['"](?P<v2>\w++)['"]
    | namespace[ \t]++(?P<m1>[\w\\]++)[ \t]*+[;{]
    )""",
    masks.PHP,
)

KOTLIN = Language(
    "kotlin",
    rf"""\n[ \t]*+{_NOTED}(?:(?:public|private|protected|internal|open|abstract|final|override|suspend|inline|operator
      |infix|tailrec|external|data|sealed|inner|annotation|value|enum|const|lateinit|companion|expect|actual
      |fun(?=[ \t]++interface))[ \t]++)*+(?:
      fun[ \t]++(?:<[^(){{}}\n]{{1,160}}>[ \t]++)?(?:[\w.]++(?:<[^(){{}}\n]{{0,80}}>)?\??\.)?
        (?P<f1>\w++|`[^`\n]{{1,80}}+`)[ \t]*+\(
    | (?:class|interface|object)[ \t]++(?P<t1>\w++)(?=[ \t]*+(?:[<({{:\n\r@]|private\b|internal\b))
    | typealias[ \t]++(?P<t2>\w++)
    )
    | \n(?:(?:private|internal|const|lateinit)[ \t]++)*+va[lr][ \t]++(?:[\w.]++\.)?(?P<v1>\w++)[ \t]*+[:=]""",
    masks.TRIPLE,
)

SWIFT = Language(
    "swift",
    r"""\n[ \t]*+(?:@\w++(?:\([^()\n]{0,80}+\))?[ \t]++)*+(?:(?:public|private|fileprivate|internal|open|static|final
      |override|mutating|nonmutating|async|required|convenience|indirect|class(?=[ \t]++func))[ \t]++)*+(?:
      func[ \t]++(?P<f1>\w++|[^\s\w(]{1,4}+)[ \t]*+[(<]
    | (?P<f2>init)[?!]?[ \t]*+[(<]
    | (?:class|struct|enum|protocol|extension|actor)[ \t]++(?P<t1>\w++)(?=[ \t]*+[<{:\n]|[ \t]++where\b|\.)
    | typealias[ \t]++(?P<t2>\w++)
    )""",
    masks.TRIPLE,
)

SCALA = Language(
    "scala",
    r"""\n[ \t]*+(?:@\w++[ \t]++)*+(?:(?:private|protected|override|final|implicit|lazy|sealed|abstract|case|inline
      |given|private\[\w++\])[ \t]++)*+(?:
      def[ \t]++(?P<f1>\w++|[^\s\w(\[]{1,4}+)(?=[ \t]*+[(\[:={])
    | (?:class|trait|object|enum)[ \t]++(?P<t1>\w++)
    | type[ \t]++(?P<t2>\w++)(?=[ \t]*+[\[=<])
    )""",
    masks.TRIPLE,
)

SHELL = Language(
    "shell",
    r"""\n[ \t]*+(?:
      function[ \t]++(?P<f1>[\w:.-]++)[ \t]*+(?:\([ \t]*+\))?\s{0,80}+\{
    | (?P<f2>[\w:.-]++)[ \t]*+\([ \t]*+\)\s{0,80}+[{(]
    )""",
    masks.SHELL,
)

SQL = Language(
    "sql",
    r"""\n[ \t]*+(?i:create)[ \t]++(?i:or[ \t]++replace[ \t]++)?
    (?i:(?:temporary|temp|unique|materialized|unlogged|virtual|definer[ \t]*+=[ \t]*+\S{1,60}+)[ \t]++)*+(?:
      (?i:function|procedure|trigger|event)[ \t]++(?i:if[ \t]++not[ \t]++exists[ \t]++)?
        (?:[`"\[]?\w++[`"\]]?\.)?[`"\[]?(?P<f1>\w++)
    | (?i:table|view|type|domain)[ \t]++(?i:if[ \t]++not[ \t]++exists[ \t]++)?
        (?:[`"\[]?\w++[`"\]]?\.)?[`"\[]?(?P<t1>\w++)
    | (?i:schema|database|extension)[ \t]++(?i:if[ \t]++not[ \t]++exists[ \t]++)?[`"\[]?(?P<m1>\w++)
    | (?i:index|sequence)[ \t]++(?i:concurrently[ \t]++)?(?i:if[ \t]++not[ \t]++exists[ \t]++)?[`"\[]?(?P<v1>\w++)
    )""",
    masks.SQL,
    "semicolon",
)

_BY_ENDING: Mapping[str, Language] = {
    ending: language
    for language, endings in (
        (PYTHON, "py pyi pyx pyw"),
        (JAVASCRIPT, "js jsx mjs cjs ts tsx mts cts vue svelte"),
        (GO, "go"),
        (JAVA, "java groovy"),
        (CSHARP, "cs"),
        (C, "c h cc cpp cxx hh hpp hxx ipp inl m mm cu cuh ino"),
        (RUST, "rs"),
        (RUBY, "rb rake gemspec ru"),
        (PHP, "php phtml"),
        (KOTLIN, "kt kts"),
        (SWIFT, "swift"),
        (SCALA, "scala sc"),
        (SHELL, "sh bash zsh ksh"),
        (SQL, "sql ddl"),
    )
    for ending in endings.split()
}
_BY_NAME: Mapping[str, Language] = {"Rakefile": RUBY, "Gemfile": RUBY, "Vagrantfile": RUBY, "Jenkinsfile": JAVA}


def language_of(path: str) -> Language | None:
    """The language of a file by its name; None when its definitions are not known."""
    name = path.rpartition("/")[2]
    return _BY_NAME.get(name) or _BY_ENDING.get(name.rpartition(".")[2].lower() if "." in name else "")
