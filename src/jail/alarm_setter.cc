#include "jail/alarm_setter.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "jail/kernel_files.h"
#include "sandbox/packet.h"

namespace mayfly::jail {
namespace {

int SetAlarm(const AlarmJob& job, const sandbox::PacketDescriptors& descriptors) {
  if (descriptors.count != kAlarmDescriptors) return EINVAL;
  return WriteTo(descriptors.fds[2].get(), std::to_string(descriptors.fds[0].get()) + " " + std::to_string(descriptors.fds[1].get()) + " " +
                                               std::to_string(job.memory_bytes));
}

}  // namespace

void RunAlarmSetter(int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl(PR_SET_NAME, "mayfly-alarms", 0, 0, 0);
  for (;;) {
    AlarmJob job{};
    sandbox::PacketDescriptors descriptors;
    if (sandbox::ReceivePacket(socket, job, descriptors) != 0) _exit(0);
    if (sandbox::SendPacket(socket, AlarmDone{job.cage, SetAlarm(job, descriptors)}) != 0) _exit(0);
  }
}

}  // namespace mayfly::jail
