#include "mayflyd/manual.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "mayflyd/version.h"

namespace mayfly::daemon {
namespace {

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

constexpr std::string_view kDescription = R"(.SH SYNOPSIS
.B mayflyd
.RI [ OPTION ]...
.br
.B mayfly serve
.RI [ OPTION ]...
.SH DESCRIPTION
Serves AWS Lambda, and services beside it, to every AWS client on one port. It is started as root, makes what only root can make
(sandboxes, its port, its data directory), and then becomes the user of
.BR \-\-user .
It writes
.B ready http://HOST:PORT
on its standard output when it serves.
.PP
An option is given as a flag, as a variable of the environment, or in the configuration file, in this order of precedence.
)";

constexpr std::string_view kEnd = R"(.SH FILES
.TP
.I DATA/access-keys.json
With
.BR "\-\-auth strict" ,
the access keys that may call; a first one is made.
.TP
.IR DATA/control.db ", " DATA/queues.db ", " DATA/events.db
What exists, the messages of queues, and the events that wait.
.TP
.I DATA/logs
What functions have printed.
.PP
DATA is
.BR \-\-data\-dir .
In the configuration file stands one option a line, without its dashes:
.IP
.EX
listen = 127.0.0.1:4566
queue\-name\-rest = 60
interpreter = ["python3.13=/opt/python3.13/bin/python3.13"]
.EE
.SH SIGNALS
SIGTERM and SIGINT let what runs end, at most for
.BR \-\-drain .
.SH EXIT STATUS
0 after such a signal; 1 when it cannot start, and when what holds the sandboxes has died.
.SH SEE ALSO
.BR mayfly (1)
)";

}  // namespace

std::string TroffText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += std::string("\\&") + c;
    else out += c;
  }
  return out;
}

std::string TroffHead(std::string_view page, int section, std::string_view summary) {
  return fmt::format(".TH {} {} \"\" \"Mayfly {}\" \"Mayfly\"\n.SH NAME\n{} \\- {}\n", UpperCase(page), section, kVersion, page, TroffText(summary));
}

std::string TroffOption(const Option& option) {
  std::string out = fmt::format(".TP\n\\fB\\-\\-{}\\fR \\fI{}\\fR{}\n{}.\n", TroffText(option.name), TroffText(option.form),
                                option.count == Option::Count::One ? "" : " ...", TroffText(option.doc));
  const std::string usual = option.text();
  if (!usual.empty()) out += fmt::format("Default: {}.\n", TroffText(usual));
  return out + fmt::format("Variable: {}.\n", option.VariableName());
}

std::string WriteDaemonManual(const Options& options) {
  std::string page = TroffHead("mayflyd", 8, "AWS Lambda on this machine");
  page += kDescription;
  page += ".SH OPTIONS\n.TP\n\\fB\\-\\-config\\fR \\fIFILE\\fR\nread settings from this file.\nVariable: MAYFLY_CONFIG.\n";
  for (const OptionGroup* group : options.groups()) {
    page += fmt::format(".SS {}\n", TroffText(group->title()));
    for (const Option& option : group->options()) page += TroffOption(option);
  }
  page += kEnd;
  return page;
}

}  // namespace mayfly::daemon
