// The `rushlight` command: finds the subcommand, and turns errors into one line and an exit code.
#include <CLI/CLI.hpp>
#include <iostream>

#include "commands.h"
#include "rush/base/error.h"

namespace rush::app {
namespace {

constexpr int kError = 1, kUsage = 2;

constexpr const char* kExamples = R"(Start here:
  rushlight train digits                  a network learns to read digits in half a minute
  rushlight predict digits.safetensors --sample 7         ask it about a test image
  rushlight predict digits.safetensors my_seven.png       ... or about your own drawing
  rushlight info                          what this machine and this build offer

Each command has its own help: rushlight train --help)";

int report(const std::exception& e) {
  std::cerr << "rushlight: " << e.what() << std::endl;
  return kError;
}

int run(int argc, char** argv) {
  CLI::App app{"Rushlight, a small deep-learning engine", "rushlight"};
  constexpr size_t kColumn = 22;
  app.get_formatter()->column_width(kColumn);
  app.footer(kExamples);
  app.set_version_flag("--version", "rushlight " RUSH_VERSION);
  app.require_subcommand(1);
  const Command commands[] = {train_command(app), predict_command(app), info_command(app)};
  if (argc == 1) {
    std::cout << app.help();
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;  // help is an "error" of code 0
  }
  for (const Command& command : commands)
    if (command.parser->parsed()) return command.run();
  return kUsage;
}

}  // namespace
}  // namespace rush::app

int main(int argc, char** argv) {
  try {
    return rush::app::run(argc, argv);
  } catch (const std::bad_alloc&) {
    return rush::app::report(rush::Error("out of memory"));
  } catch (const std::exception& e) {
    return rush::app::report(e);
  }
}
