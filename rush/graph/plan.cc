#include "rush/graph/plan.h"

#include <algorithm>
#include <chrono>

#include "rush/base/threads.h"
#include "rush/core/internal.h"
#include "rush/graph/explain.h"
#include "rush/kernels/elementwise.h"

namespace rush::graph {
namespace {

using Clock = std::chrono::steady_clock;

// An instruction with its operands filled in.
struct Step {
  enum class Kind : uint8_t { kRow, kElementwise, kKernel, kFused } kind = Kind::kKernel;
  kernels::RowFunction row_function = nullptr;
  kernels::Row row{};
  const kernels::Entry* entry = nullptr;
  std::unique_ptr<kernels::FusedPlan> fused;
  std::span<void*> in_pointers, out_pointers;  // of a fused chain
  DType computing = DType::kFloat32;
  std::span<kernels::View> in, out;
  const void* attrs = nullptr;

  void run() const {
    switch (kind) {
      case Kind::kRow:
        return row_function(row);
      case Kind::kElementwise:
        return kernels::run_elementwise(*entry, computing, out[0], in, attrs);
      case Kind::kKernel:
        return entry->kernel({in, out, attrs});
      case Kind::kFused:
        return fused->run(in_pointers.data(), out_pointers.data());
    }
  }
};

// An address that is known only when a run begins: that of slot `slot` plus `offset`.
struct Patch {
  void** where;
  int slot;
  int64_t offset;
};

}  // namespace

struct Plan::Impl {
  explicit Impl(Program p) : program(std::move(p)) {
    assign_slots();
    memory = plan_memory(program, is_outside());
    arena = Storage::make(static_cast<size_t>(memory.arena_bytes));
    build_steps();
    kept.resize(program.results.size());
    slots.resize(static_cast<size_t>(slot_count));
    for (const Instruction& i : program.instructions)
      for (size_t k = 0; k < i.in.size(); ++k)
        if (i.writes(k)) note_written(i.in[k].buffer, i);
    for (const Instruction& i : program.instructions)
      for (const Operand& o : i.out) note_written(o.buffer, i);
  }

  // ---- Addresses -----------------------------------------------------------------------------

  // Slots: one for each argument, each result and each gradient that is added to.
  void assign_slots() {
    slot_of.assign(program.buffers.size(), -1);
    slot_count = program.arguments + static_cast<int>(program.results.size());
    std::vector<int> mentions(program.buffers.size());
    for (const Operand& o : program.results) ++mentions[o.buffer];
    for (size_t r = 0; r < program.results.size(); ++r) {
      const Operand& o = program.results[r];
      const Buffer& b = program.buffers[o.buffer];
      is_direct.push_back(b.kind == BufferKind::kTemporary && mentions[o.buffer] == 1 &&
                          covers(o, b.bytes));
      if (is_direct.back()) slot_of[o.buffer] = program.arguments + static_cast<int>(r);
    }
    for (size_t b = 0; b < program.buffers.size(); ++b) {
      if (program.buffers[b].kind == BufferKind::kArgument)
        slot_of[b] = program.buffers[b].argument;
      else if (program.buffers[b].grad_of) {
        grad_slots.emplace_back(slot_count, program.buffers[b].grad_of);
        slot_of[b] = slot_count++;
      }
    }
  }

  std::vector<bool> is_outside() const {
    std::vector<bool> outside;
    for (const int slot : slot_of) outside.push_back(slot >= 0);
    return outside;
  }

  void* address_of(const Operand& o) const {
    const Buffer& b = program.buffers[o.buffer];
    char* base = static_cast<char*>(b.storage ? b.storage->data() : arena->data());
    if (!b.storage) base += memory.offsets[o.buffer];
    return base + o.layout.offset * static_cast<int64_t>(size_of(o.dtype));
  }

  void point(void** where, const Operand& o) {
    if (o.buffer == kNoBuffer) return;
    if (const int slot = slot_of[o.buffer]; slot >= 0)
      patches.push_back({where, slot, o.layout.offset * static_cast<int64_t>(size_of(o.dtype))});
    else
      *where = address_of(o);
  }

  // ---- Steps ---------------------------------------------------------------------------------

  void build_steps() {
    size_t count = 0;
    for (const Instruction& i : program.instructions) count += i.in.size() + i.out.size();
    views.reserve(count);
    pointers.reserve(count);
    steps.reserve(program.instructions.size());
    for (Instruction& i : program.instructions) {
      steps.push_back(step_of(i));
      if (i.refresh_attrs) refreshed.push_back(&i);
    }
    for (size_t begin = 0, end = 0; begin < steps.size(); begin = end) {
      const int group = program.instructions[begin].group;
      end = begin + 1;
      while (group >= 0 && end < steps.size() && program.instructions[end].group == group) ++end;
      runs.push_back({static_cast<int>(begin), static_cast<int>(end)});
    }
  }

  std::span<kernels::View> views_of(const std::vector<Operand>& operands, const Shape* shape) {
    const size_t first = views.size();
    for (const Operand& o : operands) {
      kernels::View& v = views.emplace_back();
      v.dtype = o.dtype;
      v.shape = o.layout.shape;
      v.strides = o.layout.strides;
      if (o.buffer == kNoBuffer && shape) {
        v.shape = *shape;
        v.strides = Dims::filled(shape->size(), 0);
      }
      point(&v.data, o);
    }
    return {views.data() + first, operands.size()};
  }

  Step step_of(Instruction& i) {
    Step s;
    s.computing = i.computing;
    s.attrs = i.attrs.data();
    s.entry = i.op ? detail::entry_of(*i.op) : nullptr;
    const size_t first_patch = patches.size();
    s.in = views_of(i.in, i.form == Form::kKernel ? nullptr : &i.out[0].layout.shape);
    s.out = views_of(i.out, nullptr);
    if (i.form == Form::kFused) prepare_fused(s, i);
    if (i.form == Form::kElementwise) {
      s.kind = Step::Kind::kElementwise;
      if (first_patch == patches.size() && i.in.size() < kernels::kMaxOperands &&
          kernels::is_small_row(*s.entry, s.out[0], s.in, s.attrs, s.row)) {
        s.kind = Step::Kind::kRow;
        s.row_function = s.entry->rows[static_cast<int>(i.computing)];
      }
    }
    return s;
  }

  // Preparation compares addresses to see what runs in place: unknown ones get stand-ins.
  void prepare_fused(Step& s, const Instruction& i) {
    constexpr int kBeyondMemory = 48;
    const auto pointers_of = [&](std::span<kernels::View> views, const std::vector<Operand>& list) {
      const size_t first = pointers.size();
      for (size_t k = 0; k < list.size(); ++k) {
        pointers.push_back(views[k].data);
        point(&pointers.back(), list[k]);
        if (list[k].buffer == kNoBuffer) continue;
        if (const int slot = slot_of[list[k].buffer]; slot >= 0)
          views[k].data = reinterpret_cast<void*>(
              ((static_cast<uintptr_t>(slot) + 1) << kBeyondMemory) +
              static_cast<uintptr_t>(list[k].layout.offset) * size_of(list[k].dtype));
      }
      return std::span(pointers.data() + first, list.size());
    };
    s.kind = Step::Kind::kFused;
    patches.resize(patches.size() - count_slots(i));  // the views themselves are not used again
    s.in_pointers = pointers_of(s.in, i.in);
    s.out_pointers = pointers_of(s.out, i.out);
    s.fused = std::make_unique<kernels::FusedPlan>(*i.chain, s.in, s.out);
  }

  size_t count_slots(const Instruction& i) const {
    size_t count = 0;
    for (const auto* list : {&i.in, &i.out})
      for (const Operand& o : *list) count += o.buffer != kNoBuffer && slot_of[o.buffer] >= 0;
    return count;
  }

  void note_written(BufferId b, const Instruction& i) {
    if (b == kNoBuffer || program.buffers[b].kind != BufferKind::kState) return;
    if (Storage* s = program.buffers[b].storage.get()) written.push_back({s, i.op});
  }

  // ---- A run ---------------------------------------------------------------------------------

  void run(std::span<const Tensor> args, std::vector<Tensor>& results) {
    for (size_t i = 0; i < args.size(); ++i) {
      slots[i] = args[i].view_of().data;
      for (const auto& [storage, op] : written)
        if (args[i].storage().get() == storage)
          fail("compile: argument ", i, " is a tensor that ", op ? op->name : "the function",
               " changes in place; give a clone()");
    }
    for (size_t r = 0; r < kept.size(); ++r) {
      refresh_result(r);
      slots[args.size() + r] = kept[r].view_of().data;
    }
    for (const auto& [slot, leaf] : grad_slots)
      slots[slot] = leaf.in(args).extras().grad.storage()->data();
    for (const Patch& p : patches) *p.where = static_cast<char*>(slots[p.slot]) + p.offset;
    size_t done = 0;
    try {
      for (; done < program.host_actions.size(); ++done) program.host_actions[done].run();
      for (Instruction* i : refreshed) i->refresh_attrs(i->attrs.mutable_data());
      if (is_timing)
        run_timed();
      else if (detail::is_profiling())
        run_profiled();
      else
        run_steps([this](int64_t i) { steps[i].run(); });
    } catch (...) {
      while (done > 0) program.host_actions[--done].undo();
      throw;
    }
    for (size_t r = 0; r < kept.size(); ++r)
      if (!is_direct[r]) copy_result(r);
    for (const auto& [storage, op] : written)
      storage->bump_version(op ? op->name.c_str() : "a compiled step");
    results.assign(kept.begin(), kept.end());
  }

  template <typename RunStep>
  void run_steps(RunStep&& run_step) const {
    for (const auto& [begin, end] : runs) {
      if (end - begin == 1) {
        run_step(begin);
        continue;
      }
      parallel_for(end - begin, 1, [&, first = begin](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) run_step(first + i);
      });
    }
  }

  void run_profiled() {
    if (notes.empty()) notes = notes_for_profile(program);
    const detail::ProfileSpan all("compiled plan", ProfileKind::kRange);
    run_steps([this](int64_t i) {
      const InstructionNote& note = notes[i];
      const OriginScope origin(note.origin);
      detail::ProfileSpan span(note.name, ProfileKind::kOp);
      steps[i].run();
      span.stop_clock();
      span.set_cost(note.cost.bytes, note.cost.flops);
    });
  }

  void run_timed() {
    times.resize(steps.size());
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto start = Clock::now();
      steps[i].run();
      times[i] += std::chrono::duration<double>(Clock::now() - start).count();
    }
    ++timed_runs;
  }

  // The result tensor of the last run is used again once nobody else holds it.
  void refresh_result(size_t r) {
    Tensor& t = kept[r];
    if (t.defined() && t.body().ref_count() == 1 && t.storage()->ref_count() == 1 && !t.body().edge)
      return;
    const Operand& o = program.results[r];
    t = detail::fresh(o.layout.shape, dense_strides_like(o.layout.shape, o.layout.strides),
                      o.dtype);
  }

  void copy_result(size_t r) const {
    static const kernels::Entry& copy = *kernels::table(Device::kCpu).find("copy");
    const Operand& o = program.results[r];
    kernels::View from{nullptr, o.dtype, o.layout.shape, o.layout.strides};
    const int64_t offset = o.layout.offset * static_cast<int64_t>(size_of(o.dtype));
    const int slot = slot_of[o.buffer];
    from.data = slot >= 0 ? static_cast<char*>(slots[slot]) + offset : address_of(o);
    const kernels::View to = kept[r].view_of();
    copy.kernel({{&from, 1}, {&to, 1}, nullptr});
  }

  Program program;
  MemoryPlan memory;
  StorageRef arena;
  std::vector<int> slot_of;  // by buffer; -1: the address never changes
  int slot_count = 0;
  std::vector<std::pair<int, LeafRef>> grad_slots;
  std::vector<bool> is_direct;  // by result: kernels write right into the result tensor
  std::vector<kernels::View> views;
  std::vector<void*> pointers;
  std::vector<Step> steps;
  std::vector<std::pair<int, int>> runs;  // of steps: one, or a group side by side
  std::vector<Patch> patches;
  std::vector<Instruction*> refreshed;
  std::vector<std::pair<Storage*, const Op*>> written;
  std::vector<Tensor> kept;
  std::vector<void*> slots;
  std::vector<InstructionNote> notes;  // once it was profiled
  bool is_timing = false;
  std::vector<double> times;
  int timed_runs = 0;
  std::mutex mutex;
};

Plan::Plan(Program program) : impl_(std::make_unique<Impl>(std::move(program))) {}
Plan::~Plan() = default;

void Plan::run(std::span<const Tensor> args, std::vector<Tensor>& results) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->run(args, results);
}

const Program& Plan::program() const { return impl_->program; }
int64_t Plan::arena_bytes() const { return impl_->memory.arena_bytes; }

void Plan::set_timing(bool on) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->is_timing = on;
}

std::string Plan::explain() const {
  const std::scoped_lock lock(impl_->mutex);
  return explain_plan(impl_->program, impl_->memory, impl_->times, impl_->timed_runs);
}

}  // namespace rush::graph
