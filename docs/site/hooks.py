"""Hooks of MkDocs: the navigation, and links to files outside of the documentation."""

import pathlib
import re

SECTION = re.compile(r"^## (.+)$")
ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)]+\.md)\)", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)*[^)#:]+)(#[^)]*)?\)")


def on_config(config):
    """The navigation has the sections and pages of docs/README.md in its order, then the glossary."""
    sections = [{"Home": "README.md"}]
    text = pathlib.Path(config.docs_dir, "README.md").read_text(encoding="utf-8")
    for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        title = SECTION.match(part.splitlines()[0]).group(1)
        pages = [{name.replace("`", ""): path} for name, path in ENTRY.findall(part)]
        sections.append({title: pages})
    config.nav = [*sections, {"Glossary": "glossary.md"}]
    return config


def on_page_markdown(markdown, page, config, files):
    """A link to a file of the repository that is not on the site becomes its text."""
    docs = pathlib.Path(config.docs_dir).resolve()
    folder = (docs / page.file.src_uri).parent

    def shown(found):
        target = (folder / found.group(2)).resolve()
        return found.group(0) if target.is_relative_to(docs) and target.is_file() else found.group(1)

    return LINK.sub(shown, markdown)
