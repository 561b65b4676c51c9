#!/usr/bin/env python3
"""skein import with folders that are hostile or in the way: what cannot be read, what leads elsewhere, what is too
large, and an import that ends half way. (What the formats mean: tests/cases/import.)
"""

import os
import pathlib
import unittest

from cli_support import Case

VERSIONS = "database/migrations/versions"


class Import(Case):
    def setUp(self):
        super().setUp()
        self.old = pathlib.Path(self.folder, "old")
        self.old.mkdir()

    def add(self, name, text="-- migrate:up\nSELECT 1;\n"):
        path = self.old / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def made(self):
        return sorted(path.name for path in pathlib.Path(self.project).rglob("*.sql"))

    def refused(self, kind, *args, code=1, tool="dbmate"):
        before = self.made()
        result = self.skein("import", tool, str(self.old), "--format", "json", *args)
        self.assertEqual((result.code, result.json["error"]["code"]), (code, kind), result)
        self.assertEqual(self.made(), before)
        return result.json["error"]

    def test_links_out_of_the_folder(self):
        self.add("1_a.sql")
        pathlib.Path(self.folder, "secret").write_text("-- migrate:up\nSELECT 'secret';\n")
        (self.old / "2_b.sql").symlink_to("../secret")
        self.assertIn("leads out of the folder", self.refused("unreadable")["message"])

    def test_links_inside_the_folder(self):
        self.add("1_a.sql")
        (self.old / "2_b.sql").symlink_to("1_a.sql")
        (self.old / "circle").symlink_to(".")
        self.assertEqual(self.ok("import", "dbmate", str(self.old), "--format", "json").json["imported"], 2)

    def test_broken_links_and_other_files(self):
        (self.old / "1_a.sql").symlink_to("1_a.sql")
        self.refused("unreadable")
        (self.old / "1_a.sql").unlink()
        os.mkfifo(self.old / "1_a.sql")
        self.refused("unreadable")

    def test_a_link_to_the_folder_itself(self):
        self.add("1_a.sql")
        link = pathlib.Path(self.folder, "link")
        link.symlink_to("old")
        self.assertEqual(self.ok("import", "dbmate", str(link), "--format", "json").json["imported"], 1)

    def test_no_folder(self):
        self.old.rmdir()
        self.refused("ENOENT")
        self.old.write_text("")
        self.refused("ENOTDIR")

    def test_too_large(self):
        with open(self.old / "1_a.sql", "wb") as file:
            file.truncate(17 * 1024 * 1024)
        self.assertIn("larger than", self.refused("unreadable")["message"])

    def test_too_deep(self):
        path = self.old
        for _ in range(20):
            path = path / "x"
        path.mkdir(parents=True)
        self.refused("too_large")

    def test_a_name_that_is_not_utf8(self):
        with open(os.path.join(os.fsencode(self.old), b"1_\xff.sql"), "w") as file:
            file.write("-- migrate:up\n")
        self.refused("bad_migration")

    def test_all_or_nothing(self):
        for n in range(1, 6):
            self.add(f"{n}_step.sql")
        versions = pathlib.Path(self.project, VERSIONS)
        (versions / "4_step.sql.d").mkdir()
        (versions / "4_step.sql").symlink_to("/proc/nowhere/x")
        result = self.skein("import", "dbmate", str(self.old), "--format", "json")
        self.assertEqual(result.code, 1, result)
        self.assertEqual([name for name in self.made() if name != "4_step.sql"], [])

    def test_again_adds_what_is_new(self):
        self.add("1_a.sql")
        self.ok("import", "dbmate", str(self.old))
        self.add("2_b.sql")
        result = self.ok("import", "dbmate", str(self.old))
        self.assertIn("imported 1 revision; 1 were there already", result.err)
        self.add("1_a.sql", "-- migrate:up\nSELECT 2;\n")
        self.refused("revision_exists")

    def test_beside_other_revisions(self):
        self.core("a1", "SELECT 1;")
        self.add("1_a.sql")
        self.refused("module_not_empty")

    def test_words(self):
        self.add("1_a.sql", "-- +goose Up\nSELECT 1;\n")
        self.refused("usage", "--placeholder", "x", code=2, tool="goose")
        self.refused("unknown_extension", "--extension", "nope", code=2, tool="goose")

    def test_the_project_names_its_engine(self):
        self.write("database/migrations/migration_extensions.json", '{"extensions": [], "engines": ["sqlite"]}')
        self.add("1_a.sql")
        sections = self.ok("import", "dbmate", str(self.old), "--format", "json").json["revisions"][0]["sections"]
        self.assertEqual([s["engine"] for s in sections], ["sqlite"])

    def test_what_was_imported_runs(self):
        self.add("1_a.sql", "-- migrate:up\nCREATE TABLE a (b int);\n-- migrate:down\nDROP TABLE a;\n")
        self.add("2_b.sql", "-- migrate:up\nBEGIN;\nCREATE TABLE c (d int);\nCOMMIT;\n-- migrate:down\nDROP TABLE c;\n")
        self.ok("import", "dbmate", str(self.old))
        self.ok("upgrade")
        self.assertLessEqual({"a", "c"}, self.tables())
        self.ok("downgrade", "base")
        self.assertEqual(self.tables() & {"a", "c"}, set())


if __name__ == "__main__":
    unittest.main()
