import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anthropic
import ollama
import openai
import pytest
from tests.worlds.script import Answer, Call, Rule, Script, always, dump_script, load_script, rule
from tests.worlds.scripted_server import ScriptedServer

ROOT = Path(__file__).resolve().parents[3]
HELLO: list[dict[str, str]] = [{"role": "user", "content": "Hello, please plan"}]


def post(server: ScriptedServer, path: str, body: object, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **headers})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def chat(text: str, model: str = "coder") -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def test_the_openai_client_reads_text_tools_and_usage() -> None:
    answer = Answer("Hi", calls=(Call("read", {"path": "a.py"}),), input_tokens=7, output_tokens=3)
    with (
        ScriptedServer(always(answer)) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="k", max_retries=0) as client,
    ):
        reply = client.chat.completions.create(model="coder", messages=[{"role": "user", "content": "Hello"}])
    choice = reply.choices[0]
    assert (choice.message.content, choice.finish_reason, reply.model) == ("Hi", "tool_calls", "coder")
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (7, 3)
    assert choice.message.tool_calls is not None
    assert json.loads(choice.message.tool_calls[0].model_dump()["function"]["arguments"]) == {"path": "a.py"}


def test_the_anthropic_client_reads_a_stream_and_a_cut_reply() -> None:
    long = "word " * 100
    script = always(Answer(long, calls=(Call("read", {"path": "a.py"}),)), Answer("cut", ending="cut"))
    with (
        ScriptedServer(script) as server,
        anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0) as client,
    ):
        asked: list[anthropic.types.MessageParam] = [{"role": "user", "content": "Hello"}]
        with client.messages.stream(model="coder", max_tokens=9, messages=asked) as stream:
            message = stream.get_final_message()
        cut = client.messages.create(model="coder", max_tokens=9, messages=asked)
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert message.content[0].model_dump()["text"] == long
    assert message.content[1].model_dump()["input"] == {"path": "a.py"}
    assert cut.stop_reason == "max_tokens"


def test_the_ollama_client_reads_chat_tags_and_show() -> None:
    script = Script(rules=(rule("Hi"),), models=("coder",), show={"coder": {"remote_host": "elsewhere"}})
    with ScriptedServer(script) as server:
        client = ollama.Client(host=server.url)
        assert client.chat(model="coder", messages=HELLO).message.content == "Hi"
        assert "".join(str(part.message.content) for part in client.chat("coder", HELLO, stream=True)) == "Hi"
        assert [model.model for model in client.list().models] == ["coder"]
        assert json.loads(post(server, "/api/show", {"model": "coder"})[1])["remote_host"] == "elsewhere"
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.chat(model="other", messages=HELLO)


def test_the_first_rule_whose_texts_all_occur_answers_and_its_answers_come_in_order() -> None:
    script = Script(
        rules=(
            rule("one", "two", when=('say "a"\nplan', "now"), then="error"),
            rule("by model", model="reviewer"),
            rule("else", when=("plan",)),
        )
    )
    with ScriptedServer(script) as server:
        texts = [post(server, "/v1/chat/completions", chat('now say "a"\nplan'))[1] for _ in range(3)]
        assert [b"one" in texts[0], b"two" in texts[1], b"no further answer" in texts[2]] == [True, True, True]
        assert b"by model" in post(server, "/v1/chat/completions", chat("plan", model="reviewer"))[1]
        assert b"else" in post(server, "/v1/chat/completions", chat("plan"))[1]
        assert post(server, "/v1/chat/completions", chat("nothing"))[0] == 501
        assert [seen.rule for seen in server.seen][-2:] == ["plan", ""]


def test_a_wrong_key_is_refused_and_no_key_is_ever_logged(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with ScriptedServer(Script(rules=(rule("Hi"),), key="right"), log=log) as server:
        assert post(server, "/v1/chat/completions", chat("x"), authorization="Bearer wrong")[0] == 401
        assert post(server, "/v1/chat/completions", chat("x"), authorization="Bearer right")[0] == 200
        assert post(server, "/v1/messages", chat("x"), **{"x-api-key": "right"})[0] == 200
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines] == [401, 200, 200]
    assert "wrong" not in log.read_text(encoding="utf-8")
    assert "right" not in log.read_text(encoding="utf-8")


def test_redirects_errors_cut_bodies_and_raw_bodies_are_played_as_written() -> None:
    script = always(
        Answer(status=307, headers={"location": "http://127.0.0.1:9/v1"}),
        Answer("slow down", status=429, headers={"retry-after": "3"}),
        Answer(raw="not json"),
        Answer("half of this is sent", fault="cut-off"),
    )
    with ScriptedServer(script) as server:
        assert post(server, "/v1/chat/completions", chat("x"))[0] == 307
        assert post(server, "/v1/messages", chat("x")) == (
            429,
            b'{"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, '
            b'"request_id": "req_scripted"}',
        )
        assert post(server, "/api/chat", chat("x")) == (200, b"not json")
        with pytest.raises(http.client.IncompleteRead):
            post(server, "/v1/chat/completions", chat("x"))


def test_a_hanging_answer_holds_the_caller_until_the_server_ends() -> None:
    with ScriptedServer(always(Answer(fault="hang"))) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.2)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat("x")))
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
    assert server.seen[0].path == "/v1/chat/completions"


def test_a_script_survives_its_own_file_and_a_bad_one_names_its_part(tmp_path: Path) -> None:
    script = Script(
        rules=(
            Rule(
                "all", ("a",), (Answer("t", calls=(Call("c", {"k": 1}),), headers={"h": "v"}, delay=0.5),), path="/p"
            ),
            rule("x", then="cycle"),
        ),
        models=("m",),
        key="k",
    )
    file = tmp_path / "script.json"
    file.write_text(dump_script(script), encoding="utf-8")
    assert load_script(file) == script
    file.write_text('{"rules": [{"answers": [{"txt": "typo"}]}]}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"rules\[0\].answers has unknown keys \['txt'\]"):
        load_script(file)


def test_as_a_program_it_prints_its_port_logs_digests_and_ends_on_sigterm(tmp_path: Path) -> None:
    script, log = tmp_path / "script.json", tmp_path / "log.jsonl"
    script.write_text(dump_script(always("Hi")), encoding="utf-8")
    command = [sys.executable, "-m", "tests.worlds.scripted_server", "--script", str(script), "--log", str(log)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/api/chat", b'{"model": "m", "stream": false, "messages": []}')
        assert json.loads(connection.getresponse().read())["message"]["content"] == "Hi"
        connection.close()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0
    seen = json.loads(log.read_text(encoding="utf-8"))
    assert (seen["path"], seen["model"], len(seen["body_sha256"])) == ("/api/chat", "m", 64)
