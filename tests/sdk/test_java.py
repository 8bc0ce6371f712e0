"""If these fail, Java functions get another event, context or environment than on AWS, or callers another answer."""
import base64
import json
import shutil
import subprocess

import pytest

from conftest import Functions
from daemon import BIN, wait_until
from packages import FULL_CPU_MIB, make_zip

CLIENT = BIN / ".." / "share" / "mayfly" / "runtime" / "java" / "lib"

pytestmark = [pytest.mark.skipif(not shutil.which("javac"), reason="no javac here: apt-get install openjdk-17-jdk-headless"),
              pytest.mark.skipif(not CLIENT.exists(), reason="the Java client has not been fetched: run tools/sdk")]

SOURCE = """
package shop;

import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
import java.util.*;

public class Till implements RequestHandler<Map<String, Object>, Object> {
  public static class Order {
    private String name;
    private int count;
    private List<Double> prices;
    public String getName() { return name; }
    public void setName(String name) { this.name = name; }
    public int getCount() { return count; }
    public void setCount(int count) { this.count = count; }
    public List<Double> getPrices() { return prices; }
    public void setPrices(List<Double> prices) { this.prices = prices; }
  }

  public static class Trouble extends RuntimeException {
    public Trouble(String message) { super(message); }
  }

  public static class Streams implements RequestStreamHandler {
    public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException { in.transferTo(out); }
  }

  private final int made = 7;

  public Object handleRequest(Map<String, Object> event, Context context) {
    context.getLogger().log("logged line\\n");
    System.out.println("printed line");
    Map<String, Object> told = new HashMap<>();
    told.put("request_id", context.getAwsRequestId());
    told.put("arn", context.getInvokedFunctionArn());
    told.put("name", context.getFunctionName());
    told.put("version", context.getFunctionVersion());
    told.put("memory", context.getMemoryLimitInMB());
    told.put("group", context.getLogGroupName());
    told.put("remaining", context.getRemainingTimeInMillis());
    told.put("client", context.getClientContext() == null ? null : context.getClientContext().getCustom());
    told.put("own", System.getenv("OWN"));
    told.put("execution", System.getenv("AWS_EXECUTION_ENV"));
    told.put("event", event);
    return told;
  }

  public int count(List<Integer> items) { return made + items.stream().mapToInt(Integer::intValue).sum(); }
  public static Order twice(Order order, Context context) {
    order.setCount(order.getCount() * 2);
    return order;
  }
  public Object echo(Object event) { return event; }
  public String fail(String how) throws Exception {
    switch (how) {
      case "throw": throw new Trouble("no luck");
      case "checked": throw new IOException("no file");
      case "exit": System.exit(3);
      case "halt": Runtime.getRuntime().halt(4);
      case "sleep": Thread.sleep(60000);
      case "memory": {
        List<byte[]> kept = new ArrayList<>();
        while (true) kept.add(new byte[1 << 20]);
      }
      case "large": return "x".repeat(6291556);
      default: return how;
    }
  }
}
"""


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("java")
    (folder / "Till.java").write_text(SOURCE)
    subprocess.run(["javac", "--release", "11", "-cp", f"{CLIENT}/*", "-d", folder / "out", folder / "Till.java"], check=True)
    return make_zip({str(path.relative_to(folder / "out")): path.read_bytes() for path in (folder / "out").rglob("*.class")})


@pytest.fixture(scope="module")
def make(aws, package):
    functions = Functions(aws)
    yield lambda handler, **settings: functions(package, **{"Runtime": "java17", "Handler": handler, "MemorySize": 512, "Timeout": 60, **settings})
    functions.delete_all()


@pytest.fixture(scope="module")
def failing(make):
    return make("shop.Till::fail")


def call(aws, name, event=None, **arguments):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **arguments)
    answer["Payload"] = json.loads(answer["Payload"].read())
    return answer


def failed(aws, name, event=None):
    answer = call(aws, name, event)
    assert answer["FunctionError"] == "Unhandled", answer
    return answer["Payload"]


@pytest.mark.parametrize("runtime", ["java8.al2", "java11", "java17", "java21", "java25"])
def test_request_handlers_and_the_context(aws, make, runtime):
    name = make("shop.Till", Runtime=runtime, Environment={"Variables": {"OWN": "value"}})
    client = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer = call(aws, name, {"a": [1, {"b": 2.5}], "ü": "\U0001f600"}, ClientContext=client, LogType="Tail")
    told = answer["Payload"]
    assert "FunctionError" not in answer, told
    assert told["event"] == {"a": [1, {"b": 2.5}], "ü": "\U0001f600"}
    assert told["request_id"] == answer["ResponseMetadata"]["RequestId"] and told["arn"].endswith(f":function:{name}")
    assert (told["name"], told["version"], told["memory"], told["group"]) == (name, "$LATEST", 512, f"/aws/lambda/{name}")
    assert (told["own"], told["execution"], told["client"]) == ("value", f"AWS_Lambda_{runtime}", {"k": "v"})
    assert 50000 < told["remaining"] <= 60000
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "logged line\n" in log and "printed line\n" in log


def test_stream_handlers(aws, make):
    assert call(aws, make("shop.Till$Streams"), {"deep": [1.5, None]})["Payload"] == {"deep": [1.5, None]}


def test_instance_and_static_methods(aws, make):
    assert call(aws, make("shop.Till::count"), [1, 2, 3])["Payload"] == 13
    assert call(aws, make("shop.Till::twice"), {"name": "tea", "count": 2, "prices": [1.5]})["Payload"] == {"name": "tea", "count": 4, "prices": [1.5]}


@pytest.mark.parametrize("event", [None, True, 0, -1.5, "ünïcode \u2603", [], {}])
def test_events_come_back_as_they_were_sent(aws, make, echo, event):
    assert call(aws, echo, event)["Payload"] == event


@pytest.fixture(scope="module")
def echo(make):
    return make("shop.Till::echo")


def test_exceptions(aws, failing):
    error = failed(aws, failing, "throw")
    assert (error["errorType"], error["errorMessage"]) == ("shop.Till$Trouble", "no luck")
    assert error["stackTrace"][0].startswith("shop.Till.fail(Till.java:")
    assert failed(aws, failing, "checked")["errorType"] == "java.io.IOException"
    assert call(aws, failing, "well")["Payload"] == "well"


@pytest.mark.parametrize("how, status", [("exit", 3), ("halt", 4)])
def test_exits(aws, failing, how, status):
    error = failed(aws, failing, how)
    assert error["errorType"] == "Runtime.ExitError" and error["errorMessage"].endswith(f"Error: Runtime exited with error: exit status {status}")


def test_out_of_heap(aws, failing):
    assert failed(aws, failing, "memory")["errorType"] in ("java.lang.OutOfMemoryError", "Runtime.OutOfMemory")
    wait_until(lambda: call(aws, failing, "well")["Payload"] == "well", 60, "no fresh process serves")


def test_timeout(aws, make):
    error = failed(aws, make("shop.Till::fail", Timeout=2), "sleep")
    assert error["errorType"] == "Sandbox.Timedout" and error["errorMessage"].endswith("Error: Task timed out after 2.00 seconds")


def test_payloads_up_to_6_mb_and_beyond(aws, make):
    name = make("shop.Till::fail", MemorySize=FULL_CPU_MIB)
    text = "x" * (6291456 - 2)
    assert call(aws, name, text)["Payload"] == text
    assert failed(aws, name, "large")["errorType"] == "Function.ResponseSizeTooLarge"


def test_handlers_that_are_not_there(aws, make):
    error = failed(aws, make("shop.Gone"))
    assert (error["errorType"], error["errorMessage"]) == ("java.lang.ClassNotFoundException", "Class not found: shop.Gone"), error
    error = failed(aws, make("shop.Till::gone"))
    assert error["errorMessage"] == "No public method named gone with appropriate method signature found on class shop.Till", error


def test_identifiers_without_an_interpreter_say_so(aws, package):
    for runtime in ("dotnet8", "dotnet10"):
        with pytest.raises(aws.exceptions.ClientError) as refused:
            aws.create_function(FunctionName="x", Runtime=runtime, Handler="h", Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": package})
        assert refused.value.response["Error"]["Code"] == "NotImplementedException" and "provided.al2023" in str(refused.value)
