// Which of root's powers the jail and its zygotes keep.
#pragma once

namespace mayfly::jail {

// What making and entering cages needs; everything else is dropped, also from the bounding set. Sets no_new_privs.
// 0 or errno. A capability that this process does not have is no error.
int KeepJailCapabilities();
// What entering a cage from outside needs. Called before a zygote's interpreter is executed.
int KeepZygoteCapabilities();
// After a change of user that kept them: what is permitted becomes effective again. 0 or errno.
int RaiseCapabilities();

}  // namespace mayfly::jail
