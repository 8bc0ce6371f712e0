// The commands, one function each, in the file of its name: it adds the command with its options, and what it runs.
#pragma once

namespace CLI {
class App;
}

namespace mayfly::cli {

class Program;

void AddServeCommand(Program& program);
void AddDoctorCommand(Program& program);
void AddListCommand(Program& program);
void AddDescribeCommand(Program& program);
void AddInvokeCommand(Program& program);
void AddLogsCommand(Program& program);
void AddTopCommand(Program& program);
void AddStatusCommand(Program& program);
void AddClockCommand(Program& program);
void AddNetCommand(Program& program);
void AddPolicyCommand(Program& program);
void AddVpcCommand(Program& program);
void AddRuntimeCommand(Program& program);
// Below `runtime`.
void AddRuntimeInstallCommand(Program& program, CLI::App& runtime);
void AddSignCommand(Program& program);
void AddHelpCommand(Program& program);
void AddManCommand(Program& program);
void AddCompletionCommand(Program& program);

}  // namespace mayfly::cli
