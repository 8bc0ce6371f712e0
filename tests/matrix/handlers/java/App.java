import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What every family's handler does: the event's "do" says it. */
public class App implements RequestHandler<Map<String, Object>, Object> {
  public static class Refused extends IllegalArgumentException {
    public Refused(String message) { super(message); }
  }

  public Object handleRequest(Map<String, Object> event, Context context) {
    switch ((String) event.get("do")) {
      case "echo": return event;
      case "context": return tell(context);
      case "environment": return System.getenv();
      case "async":
        int number = ((Number) event.get("number")).intValue();
        return Map.of("doubled", CompletableFuture.supplyAsync(() -> 2 * number).join());
      case "unended":
        System.out.print("no line's end");
        return null;
      case "print":
        System.out.println("a printed line");
        return null;
      case "error": throw new Refused("as asked");
      case "crash":
        kill();
        return sleep();
      case "exit": Runtime.getRuntime().halt(3);
      case "sleep": return sleep();
      case "memory": return eat();
      case "large": return "x".repeat(((Number) event.get("size")).intValue());
      case "layer": return fromLayer();
      default: throw new Refused(event.toString());
    }
  }

  private static Map<String, Object> tell(Context context) {
    Map<String, Object> told = new HashMap<>();
    told.put("request_id", context.getAwsRequestId());
    told.put("arn", context.getInvokedFunctionArn());
    told.put("name", context.getFunctionName());
    told.put("version", context.getFunctionVersion());
    told.put("memory", context.getMemoryLimitInMB());
    told.put("group", context.getLogGroupName());
    told.put("stream", context.getLogStreamName());
    told.put("remaining", context.getRemainingTimeInMillis());
    told.put("client", context.getClientContext() == null ? null : context.getClientContext().getCustom());
    told.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));  // where AWS's client puts it
    return told;
  }

  private static void kill() {
    try {
      new ProcessBuilder("/bin/sh", "-c", "kill -SEGV " + ProcessHandle.current().pid()).start();
    } catch (java.io.IOException error) {
      throw new Refused(error.toString());
    }
  }

  private static Object sleep() {
    try {
      Thread.sleep(60000);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    return null;
  }

  private static Object eat() {
    List<byte[]> kept = new ArrayList<>();
    for (;;) kept.add(new byte[1 << 20]);
  }

  private static Object fromLayer() {
    try {
      Object name = Class.forName("Layered").getField("NAME").get(null);
      return Map.of("library", name, "file", Files.readString(Path.of("/opt/layer.txt")));
    } catch (ReflectiveOperationException | java.io.IOException error) {
      throw new Refused(error.toString());
    }
  }
}
