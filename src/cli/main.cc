// mayfly: the command. `mayfly serve` is the daemon; the other commands talk to it or look at this machine.
#include "cli/commands.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  using namespace mayfly::cli;
  Program program;
  // In the order of --help.
  AddServeCommand(program);
  AddDoctorCommand(program);
  AddListCommand(program);
  AddDescribeCommand(program);
  AddInvokeCommand(program);
  AddLogsCommand(program);
  AddTopCommand(program);
  AddStatusCommand(program);
  AddClockCommand(program);
  AddNetCommand(program);
  AddPolicyCommand(program);
  AddVpcCommand(program);
  AddRuntimeCommand(program);
  AddSignCommand(program);
  AddHelpCommand(program);
  AddManCommand(program);
  AddCompletionCommand(program);
  return program.Run(argc, argv);
}
