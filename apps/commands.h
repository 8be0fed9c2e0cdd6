// The subcommands: each adds itself to the command line and returns what runs it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace rush::app {

// 0: done, 1: an error, 2: wrong usage, 130: interrupted.
using Run = std::function<int()>;

inline constexpr int kInterrupted = 130;

struct Command {
  CLI::App* parser;
  Run run;
};
Command train_command(CLI::App& app);
Command predict_command(CLI::App& app);
Command info_command(CLI::App& app);

}  // namespace rush::app
