"""Templates, patterns, documents and archives that grow without end, or look for a way out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_serve import server
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving
from tests.security.raw import memory_mb

from burnish.cli.main import main

GROWTH_MB = 300


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path_factory.mktemp("home")))
        with serving() as found:
            yield found


def rendered(url: str, name: str, template: str, **values: Any) -> Reply:
    """Kept first; a template that is none is refused then."""
    kept = ask("POST", f"{url}/api/v1/prompts", {"name": name, "content": template})
    if kept.status >= 400:
        return kept
    return ask("POST", f"{url}/api/v1/prompts/{name}/render", {"values": values})


def refused(told: Reply) -> None:
    assert 400 <= told.status < 500, (told.status, told.body[:300])
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["request_id"]
    assert told.json["hint"]
    assert len(told.body) < 5_000


BOMBS = {
    "loops": "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}",
    "range": "{% for i in range(999999999) %}x{% endfor %}",
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "join": "{{ range(99999)|join('" + "x" * 1000 + "') }}",
    "repeated": "{{ 'a' * 1000000000 }}",
    "power": "{{ 10 ** 100000 }}",
    "doubling": "{% set ns = namespace(s='aaaaaaaaaa') %}{% for i in range(40) %}"
    "{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s|length }}",
    "replaced": "{{ 'aaaaaaaaaa'" + "|replace('a', 'aaaaaaaaaa')" * 12 + " }}",
    "nested": "{% if true %}" * 5_000 + "{% endif %}" * 5_000,
    "brackets": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "itself": "{% include 'bomb/itself' %}",
}
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x.__init__.__globals__ }}",
    "{{ x|attr('__class__') }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../etc/passwd' %}",
    "{% import 'os' as os %}{{ os.getcwd() }}",
    "{% extends '/etc/hosts' %}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ config.items() }}",
)


@pytest.mark.spec("SEC-03")
def test_a_template_without_end_ends_and_takes_nothing_with_it() -> None:
    with server("--auth", "none") as (address, process):
        assert rendered(address, "good", "{% for i in [1, 2] %}{{ i }}{% endfor %}").status == 200
        before = memory_mb(process.pid)
        for name, template in BOMBS.items():
            refused(rendered(address, f"bomb/{name}", template))
        assert memory_mb(process.pid) - before < GROWTH_MB
        told = ask("POST", f"{address}/api/v1/prompts/good/render", {"values": {}})
        assert told.json["messages"][0]["content"] == "12"


@pytest.mark.spec("SEC-03")
@pytest.mark.parametrize("number", range(len(ESCAPES)))
def test_a_template_reaches_nothing_outside(url: str, number: int) -> None:
    told = rendered(url, f"escape/{number}", ESCAPES[number], x={"a": 1})
    refused(told)
    for inside in (b"root:", b"class '", b"localhost\t", b"uid="):
        assert inside not in told.body


@pytest.mark.spec("SEC-03")
def test_a_value_is_never_a_template(url: str) -> None:
    for text in (*BOMBS.values(), *ESCAPES):
        told = ask("POST", f"{url}/api/v1/prompts", {"name": "plain", "content": "{{ text }}"})
        assert told.status in {200, 201}
        body = {"values": {"text": text}}
        made = ask("POST", f"{url}/api/v1/prompts/plain/render", body)
        assert made.json["messages"][0]["content"] == text


PATTERN = {"name": "regex", "parameters": {"pattern": "^(a+)+$"}}


@pytest.mark.parametrize("path", ["search?query=", "prompts?prefix=", "runs?model="])
@pytest.mark.parametrize("text", ["(a%2B)%2B%24", "%25" * 5_000, "*" * 10_000, '"' * 999])
def test_what_is_looked_for_is_no_pattern(url: str, path: str, text: str) -> None:
    told = ask("GET", f"{url}/api/v1/{path}{text}")
    assert told.status in {200, 422}, told.body
    if told.status == 422:
        assert told.json["hint"]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
DOCUMENTS = {
    "laughs": LAUGHS,
    "itself": "&a [*a]",
    "tag": "!!python/object/apply:os.system ['touch owned']",
    "tag of names": "name: !!python/name:os.system ''",
    "deep": "[" * 20_000,
    "merges": "a: &a {x: 1}\nb: {<<: [*a, *a]}\n" * 5_000,
    "key": "? " * 5_000,
}


@pytest.mark.parametrize("ending", ["yaml", "prompty", "md"])
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_that_unfolds_stays_folded(url: str, name: str, ending: str) -> None:
    text = DOCUMENTS[name] if ending == "yaml" else f"---\n{DOCUMENTS[name]}\n---\nhello"
    before = memory_mb()
    told = ask("POST", f"{url}/api/v1/import", {"files": {f"bad.{ending}": text}})
    assert told.status < 500, told.body[:300]
    assert len(told.body) < 20_000
    assert memory_mb() - before < GROWTH_MB
    assert not Path("owned").exists()
    assert ask("GET", f"{url}/healthz").status == 200


@pytest.mark.parametrize(
    "name", ["../up.md", "/abs.md", "a/../../up.md", "..\\up.md", "c:\\x.md", "a\0b.md", "..", ""]
)
def test_no_file_that_is_sent_leads_out(url: str, name: str) -> None:
    told = ask("POST", f"{url}/api/v1/import", {"files": {name: "hello"}})
    assert told.status == 422, told.body
    refused(told)


def packed(path: Path, **entries: bytes) -> Path:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    path.write_bytes(whole.getvalue())
    return path


def test_an_archive_that_unfolds_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = packed(tmp_path / "bomb.zip", **{f"{n}.md": b"0" * 30_000_000 for n in range(8)})
    assert bomb.stat().st_size < 1_000_000
    before = memory_mb()
    assert main(["import", str(bomb)]) == 2
    assert memory_mb() - before < GROWTH_MB
    assert "burnish: " in capsys.readouterr().err


def test_nothing_of_an_archive_leads_out_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.md").write_text("the canary")
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as file:
        file.writestr(link, str(tmp_path / "secret.md"))
        file.writestr("../up.md", "up")
        file.writestr("good.md", "good")
    main(["import", str(tmp_path / "in.zip")])
    capsys.readouterr()
    assert not (tmp_path.parent / "up.md").exists()
    main(["export", "--json"])
    told = capsys.readouterr()
    assert "canary" not in told.out
    assert main(["prompts", "list", "--json"]) == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)["items"]]
    assert not [name for name in names if "up" in name or "secret" in name]
