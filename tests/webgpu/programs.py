"""Random WGSL programs of branches and loops that always end: what the counters are held to the oracle with.

No switch: with switches in them, wgsl_reflect 1.6.0 gave other outputs than the GPU and a transcription to JavaScript for 14
programs of 25, without them for none. Which construct does it wasn't narrowed down; switches have a test by hand instead.
"""

import random


class Program:
    """A text drawn from a seed. Its entry point is ``main``; binding 0 holds a word for each of 8 invocations, in and out."""

    def __init__(self, seed: int) -> None:
        self.dice, self.names = random.Random(seed), 0
        helpers = [self.helper(number) for number in range(2)]
        self.calls = ["h0", "h1"]
        body = self.block(2, in_loop=False, leave="out[id.x] = v; return;")
        self.text = (
            "@group(0) @binding(0) var<storage, read_write> out: array<u32>;\n"
            + "".join(helpers)
            + "@compute @workgroup_size(4)\nfn main(@builtin(global_invocation_id) id: vec3u) {\n  var v = out[id.x];\n"
            + f"{body}  out[id.x] = v;\n}}\n"
        )

    def helper(self, number: int) -> str:
        self.calls = ["h0"] if number else []
        body = self.block(2, in_loop=False, leave="return v + 1u;")
        return f"fn h{number}(given: u32) -> u32 {{\n  var v = given;\n{body}  return (v * 5u) % 1009u;\n}}\n"

    def name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def test(self) -> str:
        return f"v % {self.dice.randint(2, 6)}u == {self.dice.randint(0, 3)}u"

    def condition(self) -> str:
        kind = self.dice.randrange(5)
        one, two, three = self.test(), self.test(), self.test()
        return [one, f"{one} && {two}", f"{one} || {two}", f"({one} && {two}) || {three}", f"!({one} || ({two} && {three}))"][kind]

    def block(self, depth: int, in_loop: bool, leave: str) -> str:
        return "".join(self.statement(depth, in_loop, leave) for _ in range(self.dice.randint(1, 3)))

    def statement(self, depth: int, in_loop: bool, leave: str) -> str:
        plain = [f"v = (v * {self.dice.randint(2, 9)}u + {self.dice.randint(1, 9)}u) % 1009u;\n", "v += 3u;\n", "v++;\n"]
        plain += [f"v = {name}(v);\n" for name in self.calls]
        if not depth:
            return self.dice.choice(plain)
        kinds = [self.if_, self.for_, self.while_, self.loop]
        exits = [f"if ({self.test()}) {{ {leave} }}\n"]
        if in_loop:
            exits += [f"if ({self.test()}) {{ break; }}\n", f"if ({self.condition()}) {{ continue; }}\n"]
        roll = self.dice.random()
        if roll < 0.25:
            return self.dice.choice(plain)
        if roll < 0.4:
            return self.dice.choice(exits)
        return self.dice.choice(kinds)(depth - 1, in_loop, leave)

    def if_(self, depth: int, in_loop: bool, leave: str) -> str:
        text = f"if ({self.condition()}) {{\n{self.block(depth, in_loop, leave)}}}"
        for _ in range(self.dice.randrange(2)):
            text += f" else if ({self.condition()}) {{\n{self.block(depth, in_loop, leave)}}}"
        return text + (f" else {{\n{self.block(depth, in_loop, leave)}}}\n" if self.dice.random() < 0.5 else "\n")

    def for_(self, depth: int, in_loop: bool, leave: str) -> str:
        name, turns = self.name(), self.dice.randint(0, 4)
        return f"for (var {name} = 0u; {name} < {turns}u; {name}++) {{\n{self.block(depth, True, leave)}}}\n"

    def while_(self, depth: int, in_loop: bool, leave: str) -> str:
        name, turns = self.name(), self.dice.randint(0, 4)
        return f"var {name} = 0u;\nwhile ({name} < {turns}u) {{\n{name} += 1u;\n{self.block(depth, True, leave)}}}\n"

    def loop(self, depth: int, in_loop: bool, leave: str) -> str:
        name, turns = self.name(), self.dice.randint(1, 4)
        ending = f"continuing {{\n{name} += 1u;\nbreak if {name} > {turns}u;\n}}\n"
        return f"var {name} = 0u;\nloop {{\n{self.block(depth, True, leave)}{ending}}}\n"
