// RuleSql::Compile: by recursive descent, one function per level of precedence.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "services/iot/sql_functions.h"
#include "services/iot/topic_filter.h"

namespace mayfly::iot {
namespace {

Error SqlError(std::string what, size_t at) { return Error::Service("SqlParseException", fmt::format("{} at position {}", what, at)); }

bool IsNameStart(char c) { return IsAlphanumeric(c) || c == '_'; }

struct Token {
  enum class Kind : unsigned char { End, Word, Quoted, Text, Number, Sign };
  Kind kind = Kind::End;
  std::string text;  // of a Quoted or Text: without quotes
  size_t begin = 0;
  size_t end = 0;
};

}  // namespace

class SqlParser {
 public:
  SqlParser(std::string_view sql, size_t at) : sql_(sql), at_(at) {}

  Result<RuleSql> Statement() {
    RuleSql sql;
    MF_TRY_VOID(Next());
    if (!TakeWord("SELECT")) return Fail(Unexpected("SELECT"));
    sql.is_value_ = TakeWord("VALUE");
    do {
      MF_TRY(RuleSql::Selected selected, SelectItem());
      sql.selected_.push_back(std::move(selected));
    } while (TakeSign(",") && !sql.is_value_);
    if (TakeWord("FROM")) {
      if (token_.kind != Token::Kind::Text) return Fail(Unexpected("a topic filter in single quotes"));
      if (!IsTopicFilter(token_.text)) return Fail(SqlError(fmt::format("'{}' is no topic filter", token_.text), token_.begin));
      sql.filter_ = token_.text;
      MF_TRY_VOID(Next());
    }
    if (TakeWord("WHERE")) {
      MF_TRY(sql.where_, Whole());
    }
    if (!error_ && token_.kind != Token::Kind::End) return Fail(Unexpected("the end of the statement"));
    if (error_) return Fail(*error_);
    return sql;
  }

  // An expression, and where it ends.
  Result<Expression> Alone(size_t& at) {
    MF_TRY_VOID(Next());
    MF_TRY(Expression expression, Whole());
    if (error_) return Fail(*error_);
    at = token_.begin;
    return expression;
  }

 private:
  using Kind = Expression::Kind;

  // ---- tokens ----

  Result<> Next() {
    while (at_ < sql_.size() && (IsBlank(sql_[at_]) || sql_[at_] == '\n' || sql_[at_] == '\r')) ++at_;
    token_ = {.kind = Token::Kind::End, .text = {}, .begin = at_, .end = at_};
    if (at_ == sql_.size()) return {};
    const char c = sql_[at_];
    if (c == '\'' || c == '"') return QuotedToken(c);
    if (IsDigit(c)) return NumberToken();
    if (IsNameStart(c)) return WordToken();
    for (const std::string_view sign : {"<>", "!=", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", "."}) {
      if (sql_.substr(at_).starts_with(sign)) return Finish(Token::Kind::Sign, std::string(sign), at_ + sign.size());
    }
    return Fail(SqlError(fmt::format("Unexpected character '{}'", c), at_));
  }

  Result<> Finish(Token::Kind kind, std::string text, size_t end) {
    token_.kind = kind;
    token_.text = std::move(text);
    token_.end = at_ = end;
    return {};
  }

  // A doubled quote stands for itself.
  Result<> QuotedToken(char quote) {
    std::string text;
    for (size_t i = at_ + 1; i < sql_.size(); ++i) {
      if (sql_[i] != quote) {
        text += sql_[i];
      } else if (i + 1 < sql_.size() && sql_[i + 1] == quote) {
        text += sql_[i++];
      } else {
        return Finish(quote == '"' ? Token::Kind::Quoted : Token::Kind::Text, std::move(text), i + 1);
      }
    }
    return Fail(SqlError("A quote is not closed", at_));
  }

  Result<> NumberToken() {
    size_t end = at_;
    while (end < sql_.size() && (IsDigit(sql_[end]) || sql_[end] == '.')) ++end;
    if (end < sql_.size() && LowerCase(sql_[end]) == 'e') {
      size_t digits = end + 1;
      if (digits < sql_.size() && (sql_[digits] == '+' || sql_[digits] == '-')) ++digits;
      if (digits < sql_.size() && IsDigit(sql_[digits])) {
        end = digits;
        while (end < sql_.size() && IsDigit(sql_[end])) ++end;
      }
    }
    const std::string_view text = sql_.substr(at_, end - at_);
    if (!json::IsValidJson(text)) return Fail(SqlError(fmt::format("'{}' is no number", text), at_));
    return Finish(Token::Kind::Number, std::string(text), end);
  }

  Result<> WordToken() {
    size_t end = at_;
    while (end < sql_.size() && IsNameStart(sql_[end])) ++end;
    return Finish(Token::Kind::Word, std::string(sql_.substr(at_, end - at_)), end);
  }

  // What follows a token that cannot be read is told of at the next one that is asked for.
  void Advance() {
    if (auto next = Next(); !next && !error_) {
      error_ = next.error();
      token_ = {.kind = Token::Kind::End, .text = {}, .begin = at_, .end = at_};
    }
  }

  bool IsWord(std::string_view word) const { return token_.kind == Token::Kind::Word && EqualIgnoringCase(token_.text, word); }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    Advance();
    return true;
  }
  bool IsSign(std::string_view sign) const { return token_.kind == Token::Kind::Sign && token_.text == sign; }
  bool TakeSign(std::string_view sign) {
    if (!IsSign(sign)) return false;
    Advance();
    return true;
  }
  Error Unexpected(std::string_view wanted) const {
    if (error_) return *error_;
    if (token_.kind == Token::Kind::End) return SqlError(fmt::format("The statement ends where {} was expected", wanted), token_.begin);
    return SqlError(fmt::format("Unexpected '{}' where {} was expected", sql_.substr(token_.begin, token_.end - token_.begin), wanted), token_.begin);
  }

  // ---- expressions ----

  Result<RuleSql::Selected> SelectItem() {
    const size_t begin = token_.begin;
    RuleSql::Selected selected;
    MF_TRY(selected.expression, Whole());
    const Expression& expression = selected.expression;
    if (TakeWord("AS")) {
      if (token_.kind != Token::Kind::Word && token_.kind != Token::Kind::Quoted) return Fail(Unexpected("a name"));
      selected.name = token_.text;
      Advance();
    } else if (expression.kind == Kind::Name || expression.kind == Kind::Member || expression.kind == Kind::Call) {
      selected.name = expression.name;
    } else if (expression.kind != Kind::Payload) {
      selected.name = std::string(Trim(sql_.substr(begin, token_.begin - begin), " \t\r\n"));
    }
    return selected;
  }

  Result<Expression> Whole() {
    if (++depth_ > kSqlDepthMax) return Fail(SqlError("The statement is nested too deeply", token_.begin));
    auto expression = Or();
    --depth_;
    return expression;
  }

  static Expression Binary(std::string name, Expression left, Expression right) {
    Expression both{.kind = Kind::Operation, .name = std::move(name), .value = {}, .parts = {}};
    both.parts.push_back(std::move(left));
    both.parts.push_back(std::move(right));
    return both;
  }

  Result<Expression> Or() {
    MF_TRY(Expression left, And());
    while (TakeWord("OR")) {
      MF_TRY(Expression right, And());
      left = Binary("OR", std::move(left), std::move(right));
    }
    return left;
  }

  Result<Expression> And() {
    MF_TRY(Expression left, Not());
    while (TakeWord("AND")) {
      MF_TRY(Expression right, Not());
      left = Binary("AND", std::move(left), std::move(right));
    }
    return left;
  }

  Result<Expression> Not() {
    bool is_negated = false;
    while (TakeWord("NOT")) is_negated = !is_negated;
    MF_TRY(Expression inner, Comparison());
    if (!is_negated) return inner;
    Expression negated{.kind = Kind::Not, .name = {}, .value = {}, .parts = {}};
    negated.parts.push_back(std::move(inner));
    return negated;
  }

  Result<Expression> Comparison() {
    MF_TRY(Expression left, Sum());
    while (true) {
      if (TakeWord("IN")) {
        MF_TRY(left, InList(std::move(left)));
        continue;
      }
      const auto sign = std::ranges::find_if(kComparisons, [&](std::string_view one) { return IsSign(one); });
      if (sign == std::end(kComparisons)) return left;
      Advance();
      MF_TRY(Expression right, Sum());
      left = Binary(std::string(*sign == "!=" ? std::string_view("<>") : *sign), std::move(left), std::move(right));
    }
  }

  // IN (1, 2), IN [1, 2], IN an array.
  Result<Expression> InList(Expression left) {
    Expression in{.kind = Kind::In, .name = {}, .value = {}, .parts = {}};
    in.parts.push_back(std::move(left));
    const std::string_view close = IsSign("(") ? ")" : IsSign("[") ? "]" : "";
    if (close.empty()) {
      MF_TRY(Expression array, Sum());
      in.name = "array";
      in.parts.push_back(std::move(array));
      return in;
    }
    Advance();
    MF_TRY_VOID(List(close, in.parts));
    return in;
  }

  Result<> List(std::string_view close, std::vector<Expression>& items) {
    if (TakeSign(close)) return {};
    do {
      MF_TRY(Expression item, Whole());
      items.push_back(std::move(item));
    } while (TakeSign(","));
    return TakeSign(close) ? Result<>() : Fail(Unexpected(fmt::format("'{}'", close)));
  }

  Result<Expression> Sum() {
    MF_TRY(Expression left, Product());
    while (IsSign("+") || IsSign("-")) {
      std::string sign = token_.text;
      Advance();
      MF_TRY(Expression right, Product());
      left = Binary(std::move(sign), std::move(left), std::move(right));
    }
    return left;
  }

  Result<Expression> Product() {
    MF_TRY(Expression left, Signed());
    while (IsSign("*") || IsSign("/") || IsSign("%")) {
      std::string sign = token_.text;
      Advance();
      MF_TRY(Expression right, Signed());
      left = Binary(std::move(sign), std::move(left), std::move(right));
    }
    return left;
  }

  Result<Expression> Signed() {
    bool is_negated = false;
    while (IsSign("-")) {
      is_negated = !is_negated;
      Advance();
    }
    MF_TRY(Expression inner, Path());
    if (!is_negated) return inner;
    Expression negated{.kind = Kind::Negated, .name = {}, .value = {}, .parts = {}};
    negated.parts.push_back(std::move(inner));
    return negated;
  }

  Result<Expression> Path() {
    MF_TRY(Expression path, Primary());
    int steps = 0;
    while (IsSign(".") || IsSign("[")) {
      if (++steps > kSqlDepthMax) return Fail(SqlError("A path is too long", token_.begin));
      Expression step;
      step.parts.push_back(std::move(path));
      if (TakeSign("[")) {
        step.kind = Kind::Element;
        MF_TRY(Expression index, Whole());
        step.parts.push_back(std::move(index));
        if (!TakeSign("]")) return Fail(Unexpected("']'"));
      } else {
        Advance();
        step.kind = Kind::Member;
        if (token_.kind != Token::Kind::Word && token_.kind != Token::Kind::Quoted) return Fail(Unexpected("a name"));
        step.name = token_.text;
        Advance();
      }
      path = std::move(step);
    }
    return path;
  }

  Result<Expression> Primary() {
    Expression primary;
    if (TakeSign("(")) {
      MF_TRY(primary, Whole());
      return TakeSign(")") ? Result<Expression>(std::move(primary)) : Fail(Unexpected("')'"));
    }
    if (IsSign("*")) {
      primary.kind = Kind::Payload;
    } else if (token_.kind == Token::Kind::Text) {
      primary = {.kind = Kind::Literal, .name = {}, .value = token_.text, .parts = {}};
    } else if (token_.kind == Token::Kind::Number) {
      primary = {.kind = Kind::Literal, .name = {}, .value = json::Number{token_.text}, .parts = {}};
    } else if (token_.kind == Token::Kind::Quoted) {
      primary = {.kind = Kind::Name, .name = token_.text, .value = {}, .parts = {}};
    } else if (token_.kind == Token::Kind::Word) {
      return Word();
    } else {
      return Fail(Unexpected("an expression"));
    }
    Advance();
    return primary;
  }

  Result<Expression> Word() {
    for (const std::string_view reserved : {"SELECT", "FROM", "WHERE", "AS", "AND", "OR", "IN", "WHEN", "THEN", "ELSE", "END"}) {
      if (IsWord(reserved)) return Fail(Unexpected("an expression"));
    }
    if (TakeWord("CASE")) return Case();
    const Token word = token_;
    Advance();
    if (EqualIgnoringCase(word.text, "TRUE")) return Expression{.kind = Kind::Literal, .name = {}, .value = true, .parts = {}};
    if (EqualIgnoringCase(word.text, "FALSE")) return Expression{.kind = Kind::Literal, .name = {}, .value = false, .parts = {}};
    if (EqualIgnoringCase(word.text, "NULL")) return Expression{.kind = Kind::Literal, .name = {}, .value = nullptr, .parts = {}};
    if (EqualIgnoringCase(word.text, "UNDEFINED")) return Expression{};
    if (!TakeSign("(")) return Expression{.kind = Kind::Name, .name = word.text, .value = {}, .parts = {}};
    Expression call{.kind = Kind::Call, .name = LowerCase(word.text), .value = {}, .parts = {}};
    MF_TRY_VOID(List(")", call.parts));
    if (IsFunction(call.name, call.parts.size())) return call;
    return Fail(SqlError(fmt::format("There is no function {} of {} arguments", word.text, call.parts.size()), word.begin));
  }

  // CASE WHEN a THEN b … [ELSE c] END; CASE x WHEN a THEN b … compares.
  Result<Expression> Case() {
    Expression chosen{.kind = Kind::Case, .name = {}, .value = {}, .parts = {}};
    std::optional<Expression> compared;
    if (!IsWord("WHEN")) {
      MF_TRY(compared, Whole());
    }
    if (!IsWord("WHEN")) return Fail(Unexpected("WHEN"));
    while (TakeWord("WHEN")) {
      MF_TRY(Expression condition, Whole());
      if (compared) condition = Binary("=", *compared, std::move(condition));
      if (!TakeWord("THEN")) return Fail(Unexpected("THEN"));
      MF_TRY(Expression value, Whole());
      chosen.parts.push_back(std::move(condition));
      chosen.parts.push_back(std::move(value));
    }
    if (TakeWord("ELSE")) {
      MF_TRY(Expression value, Whole());
      chosen.parts.push_back(std::move(value));
    }
    return TakeWord("END") ? Result<Expression>(std::move(chosen)) : Fail(Unexpected("END"));
  }

  static constexpr std::string_view kComparisons[] = {"=", "<>", "!=", "<=", ">=", "<", ">"};

  std::string_view sql_;
  size_t at_;
  Token token_;
  int depth_ = 0;
  std::optional<Error> error_;
};

Result<RuleSql> RuleSql::Compile(std::string_view sql) {
  if (sql.size() > kSqlBytesMax) return Fail(SqlError("The statement is too long", kSqlBytesMax));
  return SqlParser(sql, 0).Statement();
}

Result<Expression> ParseExpression(std::string_view text, size_t& at) { return SqlParser(text, at).Alone(at); }

}  // namespace mayfly::iot
