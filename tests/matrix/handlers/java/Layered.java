public class Layered {
  public static final String NAME = "layered";
}
