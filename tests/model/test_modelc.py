"""If these fail, a mistake in a model is not told where it is, or the pages made of the model are out of date."""

import subprocess
import sys

import pytest

from model_paths import MODELC, MODELS, ROOT

SERVICE = "service tiny\n   title Tiny\n   version 1\n   protocol rest-json\n   signing tiny\n"
ERROR = "error Service 500 Message fault\n"
OPERATION = "op Get  GET /{Name} -> 200\n   doc Gets.\n   auth tiny:Get on thing\n   in Name! string @path\n   out Value string\n   errors Service\n"


def run(tmp_path, text, *arguments):
    path = tmp_path / "tiny.model"
    path.write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, str(MODELC), str(path), *arguments], capture_output=True, text=True)


def test_a_small_model_is_accepted_and_becomes_code(tmp_path):
    header, source = tmp_path / "tiny.h", tmp_path / "tiny.cc"
    result = run(tmp_path, SERVICE + ERROR + OPERATION, "--header", str(header), "--source", str(source))
    assert result.returncode == 0, result.stderr
    assert "virtual Task<Result<GetResponse>> Get(Context& ctx, GetRequest request) = 0;" in header.read_text()
    assert '"/{Name}"' in source.read_text()
    assert "inline constexpr wire::TypedOperation<GetRequest, GetResponse> kGet{&kService, 0};" in header.read_text()


OTHER = OPERATION.replace("op Get  GET /{Name}", "op Take  POST /{Name}")


def test_each_group_has_a_handler_and_what_does_not_work_has_none(tmp_path):
    header, source = tmp_path / "tiny.h", tmp_path / "tiny.cc"
    text = SERVICE + ERROR + "# ---- Small things: and more\n" + OPERATION + "# ---- Dead-letter queues\n" + OTHER
    later = "# ---- Later\n" + OPERATION.replace("Get  GET", "Wait  PUT") + '   todo "comes later"\n'
    result = run(tmp_path, text + later, "--header", str(header), "--source", str(source))
    assert result.returncode == 0, result.stderr
    written = header.read_text()
    assert "class SmallThingsHandler {" in written and "class DeadLetterQueuesHandler {" in written and "Later" not in written
    assert "  SmallThingsHandler& small_things;\n  DeadLetterQueuesHandler& dead_letter_queues;\n};" in written
    assert "&DeadLetterQueuesHandler::Take" in source.read_text()


def test_structs_may_hold_themselves(tmp_path):
    header = tmp_path / "tiny.h"
    node = "struct Node  Child Node ; Children list<Node> ; Named map<string,Node> ; Other Way\nstruct Way  Back Node\n"
    result = run(tmp_path, SERVICE + ERROR + OPERATION.replace("out Value string", "out Node") + node, "--header", str(header))
    assert result.returncode == 0, result.stderr
    text = header.read_text()
    assert "struct Node;\n" in text and "wire::Box<Node> child;" in text and "std::optional<std::vector<Node>> children;" in text
    assert "wire::Box<Way> other;" in text and "wire::Box<Node> back;" in text


@pytest.mark.parametrize("text, line, words", [
    (OPERATION.replace("Name! string @path", "Name! Nonsense @path"), 10, "Nonsense is declared nowhere"),
    (OPERATION.replace("Name! string @path", "Other! string @path"), 7, "{Name} in the URI of Get has no member @path"),
    (OPERATION.replace("Name! string", "Name string"), 10, "must be required"),
    (OPERATION.replace("errors Service", "errors Service Gone"), 7, "error GoneException of Get is declared nowhere"),
    (OPERATION.replace("   doc Gets.\n", ""), 7, "Get has no doc"),
    (OPERATION.replace("-> 200", "=> 200"), 7, "expected: op Name  METHOD /uri [with HEADER] -> STATUS"),
    (OPERATION.replace("out Value string", "out Value string 5..2"), 11, "the range 5..2 is empty"),
    (OPERATION.replace("out Value string", "out Value string `(?!a).*`"), 11, "this pattern looks around"),
    (OPERATION.replace("out Value string", "out Value string `(`"), 11, "the pattern does not compile"),
    (OPERATION.replace("out Value string", "out Value string @nowhere"), 11, "'@nowhere' says nothing about member Value"),
    (OPERATION + OPERATION.replace("op Get ", "op Again "), 13, "Again has the same route as Get"),
    ("# ---- Things\n" + OPERATION + "# ---- Things and more\n" + OTHER, 15, "group 'Things and more' has the same handler as 'Things'"),
    (OPERATION + "# ---- Things\n" + OTHER, 7, "Get stands in no group"),
    (OPERATION + OPERATION, 17, "GetResponse is declared twice"),
    (ERROR + OPERATION, 7, "ServiceException is declared twice"),
    (OPERATION + "type Spare string\n", 13, "Spare is used nowhere"),
    (OPERATION.replace("out Value string", "out Node") + "struct Node  Child! Node\n", 13, "Node contains itself without end"),
    (OPERATION.replace("out Value string", "out Node") + "struct Node  Via! Way\nstruct Way  Back! Node\n", 14, "Way contains itself without end"),
    (OPERATION.replace("/{Name}", "/{Name+}/more"), 7, "the greedy label of Get is the last part of its URI"),
    (OPERATION.replace("out Value string", "out Value string @headers(x-)"), 11, "stands in headers and so is a map of strings"),
    (OPERATION.replace("out Value string", "out Value string iso"), 11, "'iso' is a form of timestamps"),
    (OPERATION + "nonsense\n", 13, "'nonsense' begins no entry"),
    (OPERATION.replace("out Value string", "out Value string written"), 11, "only a list comes as it was written"),
    (OPERATION.replace("out Value string", "out Value string streaming"), 11, "only a blob is streaming"),
    (OPERATION.replace("out Value string", "out Value blob streaming"), 11, "is a streaming blob and so the payload"),
    (OPERATION.replace("out Value string", "out Value blob streaming 0..5 @payload"), 11, "what streams has no range"),
    (OPERATION.replace("out Value string", "out Value blob whole @payload"), 11, "whole is for a streaming blob"),
    (OPERATION + "type Spare string `a{part}`\n", 13, "no 'let part' before this line"),
])
def test_mistakes_are_told_with_their_line(tmp_path, text, line, words):
    result = run(tmp_path, SERVICE + ERROR + text)
    assert result.returncode == 1
    assert f"tiny.model:{line}: " in result.stderr and words in result.stderr, result.stderr


CALLS = "service tiny\n   title Tiny\n   version 1\n   protocol json-1.1 query\n   signing tiny\n   target Tiny\n   xml http://tiny/\n"
CALL_ERROR = "error TinyGone 400 message query Tiny.Gone\n"
CALL = "op Get\n   doc Gets.\n   auth tiny:Get on thing\n   in Names list<string> flat xml(Name)\n   out Values map<string,string> entries(Key:Value)\n   errors TinyGone\n"


def test_a_service_without_paths_has_short_operations(tmp_path):
    source = tmp_path / "tiny.cc"
    result = run(tmp_path, CALLS + CALL_ERROR + CALL, "--source", str(source))
    assert result.returncode == 0, result.stderr
    text = source.read_text()
    assert '{"Get", "POST", "/", {}, 200,' in text and '"TinyGone", 400, "message", false, "", "Tiny.Gone"' in text
    assert '{"Name", "", "", "", true, false, "", ""}' in text and '{"", "", "Key", "Value", false, false, "", ""}' in text
    assert '"json-1.1 query"' in text


@pytest.mark.parametrize("text, line, words", [
    (CALLS.replace("   target Tiny\n", "") + CALL_ERROR + CALL, 0, "a JSON protocol needs a target"),
    (CALLS.replace("   xml http://tiny/\n", "") + CALL_ERROR + CALL, 0, "the query protocol needs an xml namespace"),
    (CALLS.replace("query", "telepathy") + CALL_ERROR + CALL, 0, "protocol 'telepathy' is not one of"),
    (CALLS + CALL_ERROR + CALL.replace("op Get", "op Get  GET / -> 200"), 9, "expected: op Name [deprecated]"),
    (CALLS + CALL_ERROR + CALL.replace("xml(Name)", "xml(Name!)"), 12, "expected: xml(Element), items(Element), entries(Key:Value)"),
    (CALLS + CALL_ERROR + CALL.replace("Names list<string>", "Names string"), 12, "flat is for lists and maps"),
    (CALLS + CALL_ERROR + CALL.replace("xml(Name)", "items(Name)"), 12, "items(…) is for a list that is not flat"),
    (CALLS + CALL_ERROR + CALL.replace("xml(Name)", "entries(A:B)"), 12, "entries(…) is for maps"),
    (CALLS + CALL_ERROR + CALL.replace("flat xml(Name)", "attribute"), 12, "an attribute is one text"),
    (CALLS + CALL_ERROR + CALL.replace("xml(Name)", "xml(Name) own"), 12, "own is for headers"),
    (CALLS + CALL_ERROR + CALL.replace("xml(Name)", "xml(Name) or_path"), 12, "or_path is for a string in the query protocol"),
    (CALLS + CALL_ERROR + CALL.replace("Names list<string> flat xml(Name)", "Names blob streaming @payload"), 12, "takes a stream, which only REST protocols read"),
    (CALLS.replace("json-1.1 query", "json-1.1 rest-xml") + CALL_ERROR + CALL, 0, "a REST protocol stands with its like only"),
    (CALLS + "   errors odd\n" + CALL_ERROR + CALL, 0, "expected: errors bare"),
])
def test_mistakes_of_such_services_are_told(tmp_path, text, line, words):
    result = run(tmp_path, text)
    assert result.returncode == 1
    assert f":{line}: " in result.stderr and words in result.stderr, result.stderr


EC2 = "service tiny\n   title Tiny\n   version 1\n   protocol ec2-query\n   signing tiny\n   xml http://tiny/\n"


def test_ec2_query_has_names_of_its_own(tmp_path):
    source = tmp_path / "tiny.cc"
    text = EC2 + "op Get\n   doc Gets.\n   auth tiny:Get on thing\n   in ThingIds list<string> xml(ThingId) ; DryRun bool\n   out Things list<string>\n"
    result = run(tmp_path, text + 'later "comes with spring" Put\n   Drop\nerror Dry 412 message any\n', "--source", str(source))
    assert result.returncode == 0, result.stderr
    text = source.read_text()
    assert '{"ThingId", "item", "", "", false, false, "", ""}' in text and '{"dryRun", "", "", "", false, false, "", ""}' in text
    assert '{"things", "item", "", "", false, false, "", ""}' in text
    assert '{"Drop", "POST", "/", {}, 200, "tiny:Drop", "any", nullptr, nullptr, "comes with spring", nullptr' in text


@pytest.mark.parametrize("text, words", [
    (EC2.replace("ec2-query", "ec2-query query") + CALL, "ec2-query stands alone"),
    (EC2 + "later Put\n", 'expected: later "which later part builds them" Name …'),
    (EC2 + 'later "spring" Put Put\n', "Put is declared twice"),
])
def test_mistakes_of_ec2_query_are_told(tmp_path, text, words):
    result = run(tmp_path, text)
    assert result.returncode == 1 and words in result.stderr, result.stderr


def test_the_compatibility_page_is_up_to_date(tmp_path):
    page = tmp_path / "compatibility.md"
    subprocess.run([sys.executable, str(MODELC), *map(str, MODELS), "--compatibility", str(page)], check=True)
    kept = ROOT / "docs" / "compatibility.md"
    assert kept.read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), (
        "run: python3 tools/modelc model/*.model --compatibility docs/compatibility.md")


def test_what_does_not_work_says_what_it_comes_with(model):
    works = [name for name, operation in model["operations"].items() if not operation["todo"]]
    assert len(model["operations"]) >= 88
    for name in ("CreateFunction", "GetFunction", "GetFunctionConfiguration", "ListFunctions", "UpdateFunctionCode",
                 "UpdateFunctionConfiguration", "DeleteFunction", "Invoke", "GetAccountSettings"):
        assert name in works
    for operation in model["operations"].values():
        assert operation["todo"] is None or operation["todo"].startswith("comes with ")


def test_hosts_and_limits_go_into_the_tables(tmp_path):
    """Broken: the edge does not know a service by its Host, or requests have no bound."""
    source = tmp_path / "tiny.cc"
    service = SERVICE + "   hosts tiny.REGION.* *.tiny.REGION.*\n   limit 1000\n"
    own = OPERATION.replace("/{Name}", "/own/{Name}").replace("op Get ", "op Put ") + "   limit 5000 PutThing\n"
    result = run(tmp_path, service + ERROR + OPERATION + own, "--source", str(source))
    assert result.returncode == 0, result.stderr
    assert ', 1000, "Get"}' in source.read_text() and ', 5000, "PutThing"}' in source.read_text()
    assert '"tiny.REGION.* *.tiny.REGION.*"}' in source.read_text()


def test_what_object_stores_need_goes_into_the_tables(tmp_path):
    """Broken: a copy is taken for a put, an error has another name than clients know, or nobody is let in."""
    source = tmp_path / "tiny.cc"
    service = SERVICE.replace("rest-json", "rest-xml") + "   hosts {Name}.tiny.*\n   xml http://tiny\n   errors bare\n   callers anyone\n"
    error = "error Denied 403 message for(AccessDeniedException Other) `Go away`\n"
    copy = OPERATION.replace("op Get  GET /{Name} ->", "op Copy  GET /{Name} with x-from ->").replace("errors Service", "errors Denied")
    result = run(tmp_path, service + error + OPERATION.replace("errors Service", "errors Denied") + copy, "--source", str(source))
    assert result.returncode == 0, result.stderr
    text = source.read_text()
    assert '"Copy", "x-from"}' in text and '"{Name}.tiny.*", true, true};' in text
    assert 'kDeniedStandsFor[] = {"AccessDeniedException", "Other"};' in text and ', kDeniedStandsFor, "Go away"}' in text
    assert "expected: callers anyone" in run(tmp_path, service.replace("anyone", "some") + error + copy).stderr


@pytest.mark.parametrize("text, words", [
    (SERVICE + "   hosts tiny.*.com\n", "'tiny.*.com' is no form of a host"),
    (SERVICE + "   limit 1 MiB\n", "the limit of a service is a number of bytes"),
    (SERVICE + OPERATION + "   limit lots\n", "expected: limit BYTES [NameInAnswers]"),
])
def test_mistakes_in_hosts_and_limits_are_told(tmp_path, text, words):
    result = run(tmp_path, text)
    assert result.returncode == 1 and words in result.stderr, result.stderr
