#include "interrupt.h"

#include <Python.h>
#include <unistd.h>

#include <chrono>

#include "errors.h"

namespace rush::python {
namespace {

using Clock = std::chrono::steady_clock;
// Asking takes the interpreter's lock, for which others may make us wait: ordinary ops never ask.
constexpr auto kBetweenQuestions = std::chrono::milliseconds(50);
constexpr unsigned kNodesBetweenLooks = 4;
thread_local constinit Clock::time_point t_asked{};  // nothing: not since the work began

}  // namespace

void Interruptible::begin() { t_asked = {}; }

void Interruptible::look_between_blocks() {
  const auto now = Clock::now();
  if (t_asked == Clock::time_point{}) {
    t_asked = now;
    return;
  }
  if (now - t_asked < kBetweenQuestions) return;
  t_asked = now;
  if (gettid() != getpid()) return;  // signals are for the main thread
  const WithGil lock;
  if (PyErr_CheckSignals() < 0) throw PythonError();
}

void Interruptible::look_between_nodes() {
  static thread_local unsigned nodes = 0;
  if (++nodes % kNodesBetweenLooks == 0) look_between_blocks();
}

}  // namespace rush::python
