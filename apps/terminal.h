// What the command knows about the terminal it writes to; see also rush/io/progress.h.
#pragma once

#include "rush/io/progress.h"

namespace rush::app {

using io::duration;
using io::fixed;
using io::is_terminal;
using io::Progress;
using io::terminal_ink;
using io::terminal_width;
using io::with_commas;

// Ctrl-C: the first one asks for an end, the second ends the process.
void watch_interrupts();
bool is_interrupted();

}  // namespace rush::app
