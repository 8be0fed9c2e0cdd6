// A hook into long work, for those who may want to stop it.
#pragma once

namespace rush::detail {

// Called between the blocks of parallel_for by the thread that began it, when set; may throw to end
// the work (a user pressed Ctrl-C). What was being written is then half done: set it only while
// results go to fresh memory.
using WorkStep = void (*)();
inline constinit thread_local WorkStep t_work_step = nullptr;

}  // namespace rush::detail
