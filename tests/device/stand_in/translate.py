#!/usr/bin/env python3
"""Translates PTX, as nvcc writes it, to C++: a kernel becomes a function that does the work of one thread.

    translate.py FILE.ptx FILE.cpp

An instruction becomes a call of the function of its name in instructions.hpp, and its registers become variables:
`fma.rn.f64 %fd1, %fd2, %fd3, %fd4;` is `fd1 = fma_rn<double>(fd2, fd3, fd4);`. What is not known is an error with
the line's number: shared memory, barriers, local arrays and variables of the device above all.
"""
import re
import sys
from dataclasses import dataclass, field

TYPES = {"pred": "bool",
         "b8": "uint8_t", "u8": "uint8_t", "s8": "int8_t",
         "b16": "uint16_t", "u16": "uint16_t", "s16": "int16_t",
         "b32": "uint32_t", "u32": "uint32_t", "s32": "int32_t", "f32": "float",
         "b64": "uint64_t", "u64": "uint64_t", "s64": "int64_t", "f64": "double"}

UNSIGNED, SIGNED, FLOAT = ["u16", "u32", "u64"], ["s16", "s32", "s64"], ["f32", "f64"]
INTEGER, BITS, PREDICATE = UNSIGNED + SIGNED, ["b16", "b32", "b64"], ["pred"]

# Instructions without memory and without jumps: the types that one may have, and the types of its result and of its
# operands. T: the instruction's own; W: twice as wide; u: u32; p: a predicate.
INSTRUCTIONS = {
    "add": (INTEGER + FLOAT, "T TT"),
    "add.rn": (FLOAT, "T TT"),
    "sub": (INTEGER + FLOAT, "T TT"),
    "sub.rn": (FLOAT, "T TT"),
    "mul": (FLOAT, "T TT"),
    "mul.rn": (FLOAT, "T TT"),
    "mul.lo": (INTEGER, "T TT"),
    "mul.hi": (INTEGER, "T TT"),
    "mul.wide": (["u16", "u32", "s16", "s32"], "W TT"),
    "mad.lo": (INTEGER, "T TTT"),
    "mad.wide": (["u16", "u32", "s16", "s32"], "W TTW"),
    "fma.rn": (FLOAT, "T TTT"),
    "fma.rm": (["f32"], "T TTT"),
    "div": (INTEGER, "T TT"),
    "div.rn": (FLOAT, "T TT"),
    "rem": (INTEGER, "T TT"),
    "rcp.rn": (FLOAT, "T T"),
    "rcp.approx.ftz": (FLOAT, "T T"),
    "sqrt.rn": (FLOAT, "T T"),
    "ex2.approx.ftz": (["f32"], "T T"),
    "lg2.approx.ftz": (["f32"], "T T"),
    "neg": (SIGNED + FLOAT, "T T"),
    "abs": (SIGNED + FLOAT, "T T"),
    "copysign": (FLOAT, "T TT"),
    "min": (INTEGER + FLOAT, "T TT"),
    "max": (INTEGER + FLOAT, "T TT"),
    "and": (BITS + PREDICATE, "T TT"),
    "or": (BITS + PREDICATE, "T TT"),
    "xor": (BITS + PREDICATE, "T TT"),
    "not": (BITS + PREDICATE, "T T"),
    "shl": (BITS, "T Tu"),
    "shr": (BITS + INTEGER, "T Tu"),
    "shf.l.wrap": (["b32"], "T TTu"),
    "shf.r.wrap": (["b32"], "T TTu"),
    "popc": (["b32", "b64"], "u T"),
    "clz": (["b32", "b64"], "u T"),
    "brev": (["b32", "b64"], "T T"),
    "selp": (BITS + INTEGER + FLOAT, "T TTp"),
}
for comparison in ["eq", "ne"]:
    INSTRUCTIONS["setp." + comparison] = (BITS + INTEGER + FLOAT, "p TT")
for comparison in ["lt", "le", "gt", "ge"]:
    INSTRUCTIONS["setp." + comparison] = (INTEGER + FLOAT, "p TT")
for comparison in ["equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"]:
    INSTRUCTIONS["setp." + comparison] = (FLOAT, "p TT")

# Conversions: the types of the result, and those of the operand.
CONVERSIONS = {
    "cvt": (INTEGER + ["f64"], INTEGER + ["s8", "u8", "f32"]),
    "cvt.rn": (FLOAT, INTEGER + ["f64"]),
    "cvt.sat": (FLOAT, FLOAT),
    **{"cvt." + rounding: (INTEGER + FLOAT, FLOAT) for rounding in ["rni", "rzi", "rmi", "rpi"]},
}

# What another thread cannot come between: the types that it may have, and what becomes of the old and the new value.
ATOMICS = {
    "add": (["u32", "s32", "u64", "f32", "f64"], "add"),
    "min": (INTEGER, "min"),
    "max": (INTEGER, "max"),
    "and": (BITS, "and_"),
    "or": (BITS, "or_"),
    "xor": (BITS, "xor_"),
    "exch": (BITS, "exch"),
    "cas": (BITS, None),
}

# How caches and other threads are to be treated: this makes no difference to threads that run one after another.
ORDERS = {"nc", "ca", "cg", "cs", "lu", "wb", "wt", "weak", "relaxed", "acquire", "release", "acq_rel", "gpu", "cta"}

SPECIAL_REGISTER = re.compile(r"%(tid|ntid|ctaid|nctaid)\.([xyz])")
IMMEDIATE = re.compile(r"0f([0-9A-Fa-f]{8})|0d([0-9A-Fa-f]{16})|(-?(?:0x[0-9A-Fa-f]+|\d+))U?")
ADDRESS = re.compile(r"\[\s*([%$\w]+)\s*(?:\+\s*(-?\d+))?\s*\]")
OPERAND = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,\s][^,]*")


class Refusal(Exception):
    """PTX that is not known."""


def whole_match(pattern, text):
    found = re.fullmatch(pattern, text)
    if not found:
        raise Refusal()
    return found


def bits_of(type_):
    return int(type_[1:])


def is_float(type_):
    return type_[0] == "f"


@dataclass
class Statement:
    line: int
    text: str


@dataclass
class Parameter:
    name: str
    type: str  # none: an array of bytes
    offset: int
    size: int


@dataclass
class Function:
    line: int
    is_kernel: bool
    name: str
    parameters: list
    results: list
    max_threads: int
    statements: list = field(default_factory=list)


# --- Reading ---------------------------------------------------------------------------------------------------------

HEADER = re.compile(r"(?:\.visible\s+|\.weak\s+)*(?:\.entry\s+(?P<kernel>\w+)|\.func\s*(?:\((?P<results>[^)]*)\))?\s*(?P<function>\w+))"
                    r"\s*\((?P<parameters>[^)]*)\)(?P<attributes>[^{;]*)(?P<end>[{;])")
PREAMBLE = re.compile(r"\.(?:version|target|address_size)\b.*")
STATEMENT = re.compile(r"(?P<brace>[{}])|(?P<label>[$\w]+:)(?!:)|[^;]+;")
PARAMETER = re.compile(r"\.param\s+(?:\.align\s+(?P<align>\d+)\s+)?\.(?P<type>\w+)\s+(?P<name>\w+)(?:\[(?P<count>\d+)\])?")


# Comments, and what tells a debugger about lines of the source (nvcc -lineinfo).
IGNORED = re.compile(r"//[^\n]*|/\*.*?\*/|^\s*\.(?:loc|file)\b[^\n]*|^\s*\.section\s[^{]*\{[^}]*\}", re.DOTALL | re.MULTILINE)


def without_comments(text):
    """The text with its lines where they were."""
    return IGNORED.sub(lambda found: "\n" * found[0].count("\n"), text)


def read_parameters(text):
    parameters, end = [], 0
    for found in PARAMETER.finditer(text or ""):
        element = bits_of(found["type"]) // 8
        align = int(found["align"] or element)
        size = element * int(found["count"] or 1)
        offset = (end + align - 1) // align * align
        end = offset + size
        parameters.append(Parameter(found["name"], None if found["count"] else found["type"], offset, size))
    return parameters


def read_statements(text, start, line):
    """The statements of a body that begins at `start`, behind its brace, and where it ends."""
    statements, depth = [], 1
    while True:
        space = re.compile(r"\s*").match(text, start)
        line, start = line + space[0].count("\n"), space.end()
        found = STATEMENT.match(text, start)
        if not found:
            raise Refusal(f"{line}: a function without an end")
        depth += {"{": 1, "}": -1}.get(found["brace"], 0)
        if depth == 0:
            return statements, found.end()
        statements.append(Statement(line, " ".join(found[0].rstrip(";").split())))
        line, start = line + found[0].count("\n"), found.end()


def read_module(text):
    """The functions of a file, and which of them are kernels."""
    text = without_comments(text)
    functions, start = [], 0
    while (start := re.compile(r"\s*").match(text, start).end()) < len(text):
        line = text.count("\n", 0, start) + 1
        if preamble := PREAMBLE.match(text, start):
            start = preamble.end()
            continue
        header = HEADER.match(text, start)
        if not header:
            raise Refusal(f"{line}: {text[start:].splitlines()[0]}")
        start = header.end()
        if header["end"] == ";":
            continue  # declared; defined later
        threads = re.search(r"\.maxntid\s+(\d+)", header["attributes"])
        function = Function(line, bool(header["kernel"]), header["kernel"] or header["function"],
                            read_parameters(header["parameters"]), read_parameters(header["results"]),
                            int(threads[1]) if threads else 1024)
        function.statements, start = read_statements(text, start, text.count("\n", 0, start) + 1)
        functions.append(function)
    return functions


# --- Writing ---------------------------------------------------------------------------------------------------------

def function_name(mnemonic):
    """The function of instructions.hpp for an instruction; some have names that are words of C++."""
    name = mnemonic.replace(".", "_")
    return name + "_" if name in ("and", "or", "xor", "not") else name


class Writer:
    """Translates one function. Variables are what registers and parameters of called functions become."""

    def __init__(self, function):
        self.function = function
        self.variables = {}  # by name: the type
        self.parameters = {}  # a kernel's, by name
        if function.is_kernel:
            self.parameters = {parameter.name: parameter for parameter in function.parameters}
        else:
            for parameter in function.parameters + function.results:
                self.variables[parameter.name] = parameter.type

    def signature(self):
        if self.function.is_kernel:
            return f"void {self.function.name}(Thread& thread)"
        result = TYPES[self.function.results[0].type] if self.function.results else "void"
        arguments = "".join(f", {TYPES[p.type]} {p.name}" for p in self.function.parameters)
        return f"{result} {self.function.name}(Thread& thread{arguments})"

    def text(self):
        declarations, lines = [], []
        if not self.function.is_kernel:
            declarations += [f"{TYPES[p.type]} {p.name}{{}};" for p in self.function.results]
        for statement in self.function.statements:
            try:
                # In front of all jumps, as C++ wants it; those of an inner block among them.
                if statement.text.startswith(".reg"):
                    declarations.append(self.declare_registers(statement.text))
                elif statement.text.startswith(".param"):
                    declarations.append(self.declare_parameter(statement.text))
                else:
                    lines.append(self.translate(statement.text))
            except (Refusal, LookupError, ValueError):  # not in a table, or of another form
                raise Refusal(f"{statement.line}: {statement.text}") from None
        return f"{self.signature()} {{\n" + "\n".join(declarations + lines) + "\n}\n"

    def declare(self, names, type_):
        new = [name for name in names if name not in self.variables]
        self.variables.update((name, type_) for name in new)
        if any(self.variables[name] != type_ for name in names):
            raise Refusal()
        return f"{TYPES[type_]} " + ", ".join(name + "{}" for name in new) + ";" if new else ""

    def declare_registers(self, text):
        type_, registers = whole_match(r"\.reg \.(\w+) (.+)", text).groups()
        names = []
        for name, count in re.findall(r"%(\w+)(?:<(\d+)>)?", registers):
            names += [f"{name}{i}" for i in range(int(count))] if count else [name]
        return self.declare(names, type_)

    def declare_parameter(self, text):
        """An argument or the result of a call."""
        (parameter,) = read_parameters(text)
        if parameter.type is None:
            raise Refusal()
        return self.declare([parameter.name], parameter.type)

    def translate(self, text):
        if text in "{}":
            return text
        if text.endswith(":"):
            return text.replace("$", "") + ";"
        if text.startswith(".pragma"):
            return ""
        guard, opcode, rest = whole_match(r"(?:@(!?%\w+) )?([a-z][\w.]*)(.*)", text).groups()
        code = self.instruction(opcode, [operand.strip() for operand in OPERAND.findall(rest)])
        return f"if ({guard.replace('%', '')}) {{ {code} }}" if guard else code

    def instruction(self, opcode, operands):
        first, *rest = opcode.split(".")
        special = getattr(self, "write_" + first, None)
        if special:
            return special(rest, operands)
        type_ = rest[-1]
        mnemonic = opcode[:-len(type_) - 1]
        accepted, (result, sources) = INSTRUCTIONS[mnemonic][0], INSTRUCTIONS[mnemonic][1].split()
        if type_ not in accepted or len(operands) != 1 + len(sources):
            raise Refusal()
        types = {"T": type_, "W": type_[0] + str(2 * bits_of(type_)) if "W" in result else None, "u": "u32", "p": "pred"}
        values = ", ".join(self.value(operand, types[kind]) for operand, kind in zip(operands[1:], sources))
        return self.assign(operands[0], types[result], f"{function_name(mnemonic)}<{TYPES[type_]}>({values})")

    # Operands

    def value(self, operand, type_):
        """An operand as a number of this type. Whole numbers convert by themselves; C++ keeps their bits as PTX does."""
        if special := SPECIAL_REGISTER.fullmatch(operand):
            return f"thread.{special[1]}.{special[2]}"
        if operand.startswith("%"):
            return self.as_type(operand[1:], self.variables[operand[1:]], type_)
        if operand in self.parameters:
            return f"(thread.parameters + {self.parameters[operand].offset})"
        if operand in self.variables:
            return self.as_type(operand, self.variables[operand], type_)
        single, double, whole = whole_match(IMMEDIATE, operand).groups()
        if whole:
            if is_float(type_):
                raise Refusal()
            return f"{TYPES[type_]}({int(whole, 0) % 2**64}u)"
        bits = "b32" if single else "b64"
        return self.as_type(f"{TYPES[bits]}(0x{single or double}u)", bits, type_)

    @staticmethod
    def as_type(expression, of, wanted):
        if is_float(of) == is_float(wanted) and (of == wanted or not is_float(of)):
            return expression
        if bits_of(of) != bits_of(wanted):
            raise Refusal()
        return f"std::bit_cast<{TYPES[wanted]}>({expression})"

    def assign(self, operand, type_, expression):
        if operand == "_":
            return f"{expression};"
        name = operand.lstrip("%")
        return f"{name} = {self.as_type(expression, type_, self.variables[name])};"

    def address(self, operand):
        base, offset = whole_match(ADDRESS, operand).groups()
        return f"{self.value(base, 'u64')} + {int(offset or 0) % 2**64}u"

    def local_parameter(self, operand):
        """The variable that an address in the space of parameters names: an argument or a result of a function."""
        base, offset = whole_match(ADDRESS, operand).groups()
        if base in self.variables and int(offset or 0) == 0:
            return base
        return None

    @staticmethod
    def elements(operand):
        return [element.strip() for element in operand.strip("{}").split(",")] if operand[0] == "{" else [operand]

    # Memory

    @staticmethod
    def split_access(modifiers):
        """The space, how many numbers there are in a row, and their type."""
        parts = [part for part in modifiers if part not in ORDERS]
        width = int(parts.pop(1)[1:]) if re.fullmatch(r"v[24]", parts[1]) else 1
        space, type_ = parts
        return space, width, type_

    def access(self, address, width, type_, one):
        """One statement for each number in a row, which must be aligned as a whole."""
        size = bits_of(type_) // 8
        body = " ".join(one(i, f"address + {i * size}u") for i in range(width))
        aligned = f"thread.require_alignment(address, {width * size}); " if width > 1 else ""
        return f"{{ const uint64_t address = {address}; {aligned}{body} }}"

    def write_ld(self, modifiers, operands):
        space, width, type_ = self.split_access(modifiers)
        target, source = operands
        if space == "param" and (local := self.local_parameter(source)):
            return self.assign(target, type_, self.as_type(local, self.variables[local], type_))
        load = {"param": "load_parameter", "global": "load"}[space]
        targets = self.elements(target)
        return self.access(self.address(source), width, type_, lambda i, address: self.assign(
            targets[i], type_, f"thread.{load}<{TYPES[type_]}>({address})"))

    def write_st(self, modifiers, operands):
        space, width, type_ = self.split_access(modifiers)
        target, source = operands
        if space == "param":
            local = self.local_parameter(target)
            if not local:
                raise Refusal()
            return self.assign(local, type_, self.value(source, type_))
        if space != "global":
            raise Refusal()
        sources = self.elements(source)
        return self.access(self.address(target), width, type_, lambda i, address:
                           f"thread.store<{TYPES[type_]}>({address}, {self.value(sources[i], type_)});")

    def write_atom(self, modifiers, operands):
        space, operation, type_ = [part for part in modifiers if part not in ORDERS]
        accepted, combine = ATOMICS[operation]
        if space != "global" or type_ not in accepted:
            raise Refusal()
        target, place, *values = operands
        arguments = "".join(f", {self.value(value, type_)}" for value in values)
        name = f"update<{TYPES[type_]}, {combine}<{TYPES[type_]}>>" if combine else f"compare_and_swap<{TYPES[type_]}>"
        return self.assign(target, type_, f"thread.{name}({self.address(place)}{arguments})")

    def write_red(self, modifiers, operands):
        return self.write_atom(modifiers, ["_"] + operands)

    # Moves and conversions

    def write_mov(self, modifiers, operands):
        (type_,) = modifiers
        target, source = operands
        if target[0] == "{":
            return self.unpack(self.elements(target), self.value(source, type_), bits_of(type_))
        if source[0] == "{":
            return self.assign(target, type_, self.pack(self.elements(source), bits_of(type_)))
        return self.assign(target, type_, self.value(source, type_))

    def unpack(self, targets, whole, bits):
        width = bits // len(targets)
        part = f"b{width}"
        parts = " ".join(self.assign(target, part, f"{TYPES[part]}(whole >> {i * width})")
                         for i, target in enumerate(targets) if target != "_")
        return f"{{ const {TYPES[f'b{bits}']} whole = {whole}; {parts} }}"

    def pack(self, sources, bits):
        width = bits // len(sources)
        whole, part = TYPES[f"b{bits}"], f"b{width}"
        return "(" + " | ".join(f"{whole}({TYPES[part]}({self.value(source, part)})) << {i * width}"
                                for i, source in enumerate(sources)) + ")"

    def write_cvta(self, modifiers, operands):
        """Addresses are the same in all spaces here."""
        return self.assign(operands[0], "u64", self.value(operands[1], "u64"))

    def write_cvt(self, modifiers, operands):
        *rounding, to, of = modifiers
        mnemonic = ".".join(["cvt"] + rounding)
        results, sources = CONVERSIONS[mnemonic]
        if to not in results or of not in sources:
            raise Refusal()
        name = f"{function_name(mnemonic)}<{TYPES[to]}, {TYPES[of]}>"
        return self.assign(operands[0], to, f"{name}({self.value(operands[1], of)})")

    # Control

    def write_bra(self, modifiers, operands):
        return f"goto {operands[0].replace('$', '')};"

    def write_ret(self, modifiers, operands):
        return f"return {self.function.results[0].name};" if self.function.results else "return;"

    def write_exit(self, modifiers, operands):
        if not self.function.is_kernel:
            raise Refusal()
        return "return;"

    def write_call(self, modifiers, operands):
        results = operands.pop(0).strip("()") if operands[0][0] == "(" else None
        name, *arguments = operands
        values = [value.strip() for value in arguments[0].strip("()").split(",")] if arguments else []
        if not all(value in self.variables for value in values):
            raise Refusal()
        return (f"{results.strip()} = " if results else "") + f"{name}({', '.join(['thread'] + values)});"

    def write_griddepcontrol(self, modifiers, operands):
        if modifiers not in (["wait"], ["launch_dependents"]):
            raise Refusal()
        return ""  # the launch before has ended: they run one after another


def translate(text):
    """The C++ of a file's PTX; Refusal: the first line that is not known, with its number."""
    functions = read_module(text)
    writers = [Writer(function) for function in functions]
    parts = ['#include "instructions.hpp"\n#include "kernel.hpp"\n\nnamespace glifr::stand_in {\nnamespace {\n']
    parts += [writer.signature() + ";\n" for writer in writers if not writer.function.is_kernel]
    parts += [writer.text() for writer in writers]
    for function in functions:
        if function.is_kernel:
            places = ", ".join(f"{{{p.offset}, {p.size}}}" for p in function.parameters)
            parts.append(f'const Registered {function.name}_registered("{function.name}", '
                         f"{{{function.name}, {{{places}}}, {function.max_threads}}});\n")
    return "".join(parts) + "}\n}\n"


def main(source, target):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    try:
        translated = translate(text)
    except Refusal as refusal:
        line, _, what = str(refusal).partition(": ")
        return f"{source}:{line}: not known to translate.py: {what}"
    with open(target, "w", encoding="utf-8") as file:
        file.write(translated)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
