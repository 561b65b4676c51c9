#!/usr/bin/env python3
"""Shows that the lint scripts find what they are for: each gets a tree with one violation and must fail
with the expected words, and the same tree without it and must pass."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def long_function(lines, branch=""):
    return "int f(int a)\n{\n" + f"    {branch}a++;\n" * lines + "    return a;\n}\n"


class Lint(unittest.TestCase):
    def run_on(self, script, files, *arguments):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            arguments = [a.replace("ROOT", root) for a in arguments]
            done = subprocess.run([os.path.join(HERE, script), root, *arguments], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def finds(self, script, files, words, *arguments):
        code, output = self.run_on(script, files, *arguments)
        self.assertEqual(code, 1, output)
        self.assertIn(words, output)

    def passes(self, script, files, *arguments):
        code, output = self.run_on(script, files, *arguments)
        self.assertEqual(code, 0, output)

    def test_layers(self):
        for path, include, words in [
            ("common/core/graph/a.c", '"skein/plan/plan.h"', "rank 40"),
            ("common/core/base/a.c", '"skein/os/clock.h"', "rank 60"),
            ("include/skein/base/a.h", '"skein/sql/split.h"', "rank 20"),
            ("coordinator/core/a.c", '"agent/core/job.h"', "never include each other"),
            ("common/io/net/a.c", '"agent/core/job.h"', "common/ never includes agent/"),
            ("common/io/db/migrate.c", "<libpq-fe.h>", "belongs to"),
            ("agent/io/a.c", "<sqlite3.h>", "belongs to"),
            ("agent/io/a.c", "<zmq.h>", "belongs to"),
            ("coordinator/io/a.c", '"proto/msg.pb-c.h"', "belongs to"),
            ("agent/io/a.c", '"worker.h"', "full path"),
            ("common/extra/a.c", '"skein/base/str.h"', "none of the layers"),
        ]:
            with self.subTest(path=path, include=include):
                self.finds("layers.py", {path: f"#include {include}\n"}, words)
        self.passes("layers.py", {
            "common/core/plan/a.c": '#include "skein/graph/dag.h"\n#include <string.h>\n',
            "common/io/db/db_pg.c": "#include <libpq-fe.h>\n",
            "agent/io/a.c": '#include "agent/core/job.h"\n#include "skein/os/clock.h"\n',
        })

    def test_size(self):
        self.finds("size.py", {"common/a.c": long_function(90)}, "f has 93 lines")
        self.finds("size.py", {"common/a.c": long_function(20, "if (a) ")}, "complexity 21")
        self.finds("size.py", {"common/a.c": "int a;\n" * 1001}, "1001 lines")
        self.passes("size.py", {"common/a.c": long_function(60) + '/* if if */ const char *s = "if ? && ||";\n'})
        allow = {"tests/lint/size-allowed.txt": "common/a.c f a table in disguise\n"}
        self.passes("size.py", {"common/a.c": long_function(90), **allow})
        self.finds("size.py", {"common/a.c": long_function(9), **allow}, "within the limits")

    def test_house(self):
        self.finds("house.py", {"lib/a.c": "int a;\n"}, "lib/")
        self.finds("house.py", {"agent/io/run.sh": "true\n"}, "run.sh")
        self.finds("house.py", {"agent/io/run.py": "1\n"}, "run.py")
        for call in ("system(s)", "popen(s, m)", "strcpy(a, b)", "sprintf(a, b)", "strtok(a, b)", "gets(s)"):
            self.finds("house.py", {"agent/a.c": f"void f(void)\n{{\n    {call};\n}}\n"}, "a.c:3:")
        self.passes("house.py", {"agent/a.c": '/* system() */ const char *s = "system(x)"; int file_system(int a);\n'})
        self.finds("house.py", {"docs/a.md": "see [there](b.md)\n"}, "b.md")
        self.passes("house.py", {"docs/a.md": "see [there](a.md#x) and [web](https://a.b/c)\n"})

    def test_recursive_message(self):
        message = "message A { repeated B b = 1; }\nmessage B { oneof x { %s c = 1; string s = 2; } }\n"
        self.finds("house.py", {"proto/a.proto": message % "A"}, "A -> B -> A")
        self.passes("house.py", {"proto/a.proto": message % "int32"})

    def test_kinds(self):
        documents = {"docs/REVISION_FORMAT.md": "", "docs/reference/json.md": "`too_large`"}
        self.passes("kinds.py", {**documents, "common/a.c": 'err_kind(err, ERR_LIMIT, "too_large", "x");'})
        self.finds("kinds.py", {**documents, "common/a.c": 'err_kind(err, ERR_LIMIT, "too_small", "x");'}, "`too_small`")

    def test_protocol(self):
        header = {"include/skein/wire/msg.h": "    KIND(HELLO, hello, ROLE_AGENT)   \\\n    KIND(PUSH, push, ROLES_ACT)\n"}
        row = "| `hello` | agent | x |\n| `push` | act | y |\n"
        self.passes("protocol.py", {**header, "docs/PROTOCOL.md": row})
        self.finds("protocol.py", {**header, "docs/PROTOCOL.md": row.replace("agent", "admin")}, "is sent by agent")
        self.finds("protocol.py", {**header, "docs/PROTOCOL.md": row.replace("push", "pull")}, "lacks `push`")

    def test_purity(self):
        source = "#include <time.h>\n#include <string.h>\nlong f(void);\nlong f(void)\n{\n    return %s;\n}\n"
        with tempfile.TemporaryDirectory() as folder:
            for name, call in (("clock", "(long)time(0)"), ("clean", "(long)strlen(__func__)")):
                base = os.path.join(folder, name)
                with open(base + ".c", "w", encoding="utf-8") as file:
                    file.write(source % call)
                subprocess.run(["gcc", "-fno-builtin", "-c", base + ".c", "-o", base + ".o"], check=True)
                subprocess.run(["ar", "rc", base + ".a", base + ".o"], check=True)
            with open(os.path.join(HERE, "pure-symbols.txt"), encoding="utf-8") as file:
                allow = {"tests/lint/pure-symbols.txt": file.read()}
            self.finds("purity.py", allow, "uses time", os.path.join(folder, "clock.a"))
            self.passes("purity.py", allow, os.path.join(folder, "clean.a"))

    def test_compile(self):
        settings = {"build/compile_commands.json": "[]"}
        for name in (".clang-tidy", ".clang-format"):
            with open(os.path.join(HERE, "../..", name), encoding="utf-8") as file:
                settings[name] = file.read()
        settings["tests/lint/cppcheck-suppressions.txt"] = ""
        main = "int main(void)\n{\n    return 0;\n}\n"
        for check, bad in [
            ("headers", {"include/skein/base/a.h": "#pragma once\nsize_t f(void);\n"}),
            ("format", {"common/a.c": "int main( void ) { return 0; }\n"}),
            ("tidy", {"common/a.c": main.replace("return 0", "int a[2];\n    return (int)sizeof(sizeof(a))")}),
            ("cppcheck", {"common/a.c": main.replace("return 0", "int a[2];\n    return a[2]")}),
        ]:
            with self.subTest(check=check):
                self.finds("compile.py", {**settings, **bad}, "a.", "ROOT/build", check)
                good = {"include/skein/base/a.h": "#pragma once\nint f(void);\n", "common/a.c": main}
                self.passes("compile.py", {**settings, **good}, "ROOT/build", check)

    def test_scripts(self):
        self.finds("scripts", {"a": "#!/bin/bash\nrm -rf $1/x\n"}, "SC2086")
        self.passes("scripts", {"a": '#!/bin/bash\nrm -rf "${1:?}"/x\n'})


if __name__ == "__main__":
    sys.exit(unittest.main())
