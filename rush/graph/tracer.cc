// A storage is told apart by a mark (trace id, buffer id) if a traced kernel made it, by its
// address if it came from outside (the trace keeps it alive). What remains alive at the end and is
// neither returned nor a gradient has escaped.
#include "rush/graph/tracer.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>

#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"

namespace rush::graph {
namespace {

constexpr int kBufferBits = 32;

uint64_t next_trace_id() {
  static std::atomic<uint64_t> counter{1};
  return counter.fetch_add(1, std::memory_order_relaxed);
}

// What the tracer knows of a buffer besides what the program says.
struct Origin {
  const Op* maker = nullptr;
  Shape shape;
  bool is_alive = true;
};

GradPlace place_of(const Tensor& grad) {
  if (!grad.defined()) return {};
  return {true, grad.dtype(), grad.layout(), grad.storage()->bytes()};
}

class Tracer final : public Observer {
 public:
  explicit Tracer(std::span<const Tensor> args) : id_(next_trace_id()) {
    program_.arguments = static_cast<int>(args.size());
    for (size_t i = 0; i < args.size(); ++i) {
      const BufferId b = add_external(args[i], BufferKind::kArgument);
      program_.buffers[b].argument = static_cast<int>(i);
    }
    before_ = std::exchange(t_observer, this);
  }
  ~Tracer() override { t_observer = before_; }

  void called(const Op& op, DType computing, std::span<const Tensor* const> in,
              std::span<const Tensor* const> out, const AttrRef& attrs) override {
    Instruction instruction;
    instruction.op = &op;
    const kernels::Entry* entry = detail::entry_of(op);
    if (entry && entry->is_row_op() && op.is_elementwise) {
      instruction.form = Form::kElementwise;
      instruction.computing = computing;
    }
    if (attrs.data) instruction.attrs = AttrBox(attrs);
    if (op.writes_in_place() && op.outputs == 0)  // not what prepares its operands
      instruction.refresh_attrs = std::exchange(next_attrs_, nullptr);
    for (const Tensor* t : in) instruction.in.push_back(operand(*t));
    if (instruction.form == Form::kElementwise)
      for (Operand& o : instruction.in) broadcast(o, out[0]->shape());
    if (op.writes_in_place()) {
      for (size_t i = 0; i < in.size(); ++i) {
        instruction.writes_input.push_back(op.writes(i, in.size(), attrs.data));
        if (in[i]->defined() && instruction.writes_input[i])
          note_write(instruction.in[i].buffer, op);
      }
    }
    for (const Tensor* t : out) instruction.out.push_back(output(*t, op));
    program_.instructions.push_back(std::move(instruction));
  }

  void overwrites(const Tensor& t) override { operand(t); }

  void read_on_host(const Tensor& t, const char* how) override {
    if (t.is_weak()) return;
    refuse_with(concat({how, " looks at the values of a tensor ", Spec{t.shape(), t.dtype()},
                        " inside a traced function: what depends on them would be the same in "
                        "every later run"}),
                "use where(), return the tensor and look at it outside, or leave this part out of "
                "the function");
  }

  void grad_slot_changes(Node& leaf, bool depends) override {
    for (Slot& s : slots_) {
      if (s.leaf.get() != &leaf) continue;
      s.is_replaced |= !depends;
      return;
    }
    const Tensor& grad = leaf.extras().grad;
    slots_.push_back({Ref<Node>::share(&leaf), grad, depends, !depends});
    if (!grad.defined() || !grad.has_data()) return;
    if (find(grad) != kNoBuffer)
      refuse_with("a gradient shares its memory with another tensor of the function",
                  "let backward() make it, or clone() it");
    const BufferId b = add_external(grad, BufferKind::kState);
    program_.buffers[b].grad_of = Ref<Node>::share(&leaf);
  }

  void read_switch(const Ref<Switch>& s) override {
    for (const Guards::Flag& f : flags_)
      if (f.flag == s) return;
    flags_.push_back({s, s->is_on});
  }

  void released(uint64_t mark) override {
    if (mark >> kBufferBits == id_) origins_[buffer_of_mark(mark)].is_alive = false;
  }

  void next_attrs(std::function<void(void*)> attrs) override { next_attrs_ = std::move(attrs); }
  void host_action(std::function<void()> action, std::function<void()> undo) override {
    program_.host_actions.push_back({std::move(action), std::move(undo)});
  }
  void refuse(const char* what, const char* advice) override {
    refuse_with(concat({what, " has an effect that a trace cannot carry"}), advice);
  }

  Trace finish(const std::vector<Tensor>& results) {
    Trace trace;
    trace.guards.flags = std::move(flags_);
    for (const Tensor& t : results) {
      program_.results.push_back(operand(t));
      origins_[program_.results.back().buffer].is_alive = false;
    }
    trace.returned = results.size();
    settle_slots(trace);
    for (size_t b = 0; b < origins_.size(); ++b) {
      const auto mentions = [&](const Tensor& t) {  // and nobody else holds the handle
        return t.body().ref_count() == 1 && find(t) == static_cast<BufferId>(b);
      };
      const auto returned = std::count_if(results.begin(), results.end(), mentions);
      settle_buffer(static_cast<BufferId>(b), static_cast<uint32_t>(returned), trace);
    }
    trace.program = std::move(program_);
    return trace;
  }

 private:
  struct Slot {
    Ref<Node> leaf;
    Tensor before;     // what it held at first
    bool depends;      // it was read before it was replaced
    bool is_replaced;  // the function itself put something there, or cleared it
  };

  static BufferId buffer_of_mark(uint64_t mark) { return static_cast<BufferId>(mark); }

  BufferId add_buffer(BufferKind kind, const Tensor& t, const Op* maker) {
    const BufferId b = program_.add_buffer(kind, t.storage()->bytes());
    origins_.push_back({maker, t.shape(), true});
    return b;
  }

  BufferId add_external(const Tensor& t, BufferKind kind) {
    const BufferId b = add_buffer(kind, t, nullptr);
    program_.buffers[b].storage = t.storage();
    externals_[t.storage().get()] = b;
    return b;
  }

  BufferId find(const Tensor& t) const {
    const uint64_t mark = t.storage()->mark();
    if (mark >> kBufferBits == id_) return buffer_of_mark(mark);
    const auto known = externals_.find(t.storage().get());
    return known == externals_.end() ? kNoBuffer : known->second;
  }

  Operand operand(const Tensor& t) {
    if (!t.defined()) return {};
    if (!t.has_data())
      fail(
          "compile: the function makes symbolic tensors; use placeholders and sessions with a "
          "Graph instead");
    BufferId b = find(t);
    if (b == kNoBuffer) b = add_external(t, BufferKind::kState);
    return {b, t.dtype(), t.layout()};
  }

  Operand output(const Tensor& t, const Op& op) {
    if (find(t) == kNoBuffer && t.storage()->ref_count() == 1) {
      const BufferId b = add_buffer(BufferKind::kTemporary, t, &op);
      t.storage()->set_mark(id_ << kBufferBits | static_cast<uint32_t>(b));
    }
    const Operand o = operand(t);
    note_write(o.buffer, op);
    return o;
  }

  void note_write(BufferId b, const Op& op) {
    if (program_.buffers[b].kind == BufferKind::kArgument)
      refuse_with(concat({op.name, " writes to an argument in place"}),
                  "make it a captured tensor, or work on a clone()");
  }

  static void broadcast(Operand& o, const Shape& shape) {
    if (o.buffer == kNoBuffer) return;
    Layout wide(shape, Dims::filled(shape.size(), 0), o.layout.offset);
    const int shift = shape.size() - o.layout.rank();
    for (int i = 0; i < o.layout.rank(); ++i)
      if (o.layout.shape[i] != 1 || shape[i + shift] == 1)
        wide.strides[i + shift] = o.layout.strides[i];
    o.layout = wide;
  }

  [[noreturn]] static void refuse_with(const std::string& what, const char* advice) {
    const std::string site = detail::call_site();
    fail("compile: ", what, "; ", advice, site);
  }

  bool is_used(BufferId b) const {
    for (const Instruction& i : program_.instructions)
      for (const auto* list : {&i.in, &i.out})
        for (const Operand& o : *list)
          if (o.buffer == b && b != kNoBuffer) return true;
    return false;
  }

  bool is_used_by_optimiser(BufferId b) const {
    for (const Instruction& i : program_.instructions)
      for (size_t k = 0; k < i.writes_input.size(); ++k)
        if (i.in[k].buffer == b && !i.writes_input[k]) return true;
    return false;
  }

  // Decides what later runs leave in the gradient slots this one has touched.
  void settle_slots(Trace& trace) {
    for (Slot& s : slots_) {
      if (s.leaf->ref_count() == 1) continue;  // a leaf of the function's own
      const BufferId before = s.before.defined() ? find(s.before) : kNoBuffer;
      if (s.depends || is_used(before)) trace.guards.slots.push_back({s.leaf, place_of(s.before)});
      if (before != kNoBuffer) program_.buffers[before].storage = {};
      Tensor& grad = s.leaf->extras().grad;
      if (!grad.defined()) {
        trace.grads.push_back({s.leaf, -1});
        continue;
      }
      const BufferId b = find(grad);
      if (b == kNoBuffer || b == before) continue;  // added to in place
      if (s.is_replaced && is_used_by_optimiser(b)) {
        grad = Tensor();
        trace.grads.push_back({s.leaf, -1});
        continue;
      }
      trace.grads.push_back({s.leaf, static_cast<int>(program_.results.size())});
      program_.results.push_back(operand(grad));
      origins_[b].is_alive = false;
    }
  }

  // `returned`: how many handles among the results hold its memory.
  void settle_buffer(BufferId b, uint32_t returned, Trace& trace) {
    Buffer& buffer = program_.buffers[b];
    const Origin& origin = origins_[b];
    if (buffer.kind == BufferKind::kState && buffer.storage &&
        buffer.storage->ref_count() == 1 + returned)
      settle_own(b);
    if (buffer.kind == BufferKind::kArgument) buffer.storage = {};
    if (buffer.kind != BufferKind::kTemporary || !origin.is_alive || !trace.unsettled.empty())
      return;
    trace.unsettled = concat({"a tensor of shape ", origin.shape, " made by ", origin.maker->name,
                              " outlives the function"});
  }

  // A storage that the function itself has made, not by an op, and forgotten: scratch when it is
  // filled before it is read, otherwise numbers that were given as such.
  void settle_own(BufferId b) {
    Buffer& buffer = program_.buffers[b];
    bool is_read = false;
    for (const Instruction& i : program_.instructions) {
      for (const Operand& o : i.in) is_read |= o.buffer == b;
      for (const Operand& o : i.out) {
        if (o.buffer != b) continue;
        if (is_read || !covers(o, buffer.bytes))
          refuse_with(concat({i.op->name, " changes a tensor in place that was made from numbers"}),
                      "clone() it first");
        buffer.kind = BufferKind::kTemporary;
        buffer.storage = {};
        origins_[b].is_alive = false;
        return;
      }
    }
    buffer.kind = BufferKind::kConstant;
  }

  Observer* before_;
  uint64_t id_;
  Program program_;
  std::vector<Origin> origins_;  // by buffer
  std::unordered_map<const Storage*, BufferId> externals_;
  std::vector<Slot> slots_;
  std::vector<Guards::Flag> flags_;
  std::function<void(void*)> next_attrs_;
};

}  // namespace

// Plans read gradients where they lie: the same place within memory of the same size.
static bool is_alike(const Tensor& a, const GradPlace& b) {
  if (!a.defined() || !b.is_full) return a.defined() == b.is_full;
  return a.dtype() == b.dtype && a.shape() == b.layout.shape && a.strides() == b.layout.strides &&
         a.layout().offset == b.layout.offset && a.storage()->bytes() == b.bytes;
}

bool Guards::hold() const {
  for (const Flag& f : flags)
    if (f.flag->is_on != f.is_on) return false;
  for (const GradSlot& s : slots)
    if (!is_alike(s.leaf->extras().grad, s.before)) return false;
  return true;
}

Tensor as_argument(const Tensor& arg) {
  if (!arg.defined()) fail("compile: an argument is an undefined tensor");
  if (!arg.has_data())
    fail("compile: an argument is symbolic; feed placeholders in a session instead");
  if (arg.is_weak())
    return Tensor::scalar(arg.item(), is_floating(arg.dtype()) ? default_dtype() : arg.dtype());
  if (is_dense(arg.shape(), arg.strides()) && arg.layout().offset == 0) return arg;
  const NoGrad off;
  return arg.detach().clone().requires_grad_(arg.requires_grad());
}

Trace trace(const TensorFunction& fn, const std::vector<Tensor>& args,
            std::vector<Tensor>& results) {
  std::vector<Tensor> own;  // copies: an argument may also be a captured tensor, or given twice
  {
    const NoGrad off;
    for (const Tensor& t : args)
      own.push_back(t.detach().clone().requires_grad_(t.requires_grad()));
  }
  std::optional<Tracer> tracer(std::in_place, own);
  results = fn(own);
  own.clear();  // what is left of them now, others hold
  for (Tensor& t : results) {
    if (!t.defined()) fail("compile: the function returned an undefined tensor");
    t = t.detach();
  }
  Trace done = tracer->finish(results);
  tracer.reset();
  // Later runs give tensors of their own, so this one does, too.
  std::vector<BufferId> seen;
  for (size_t r = 0; r < results.size(); ++r) {
    const BufferId b = done.program.results[r].buffer;
    if (done.program.buffers[b].kind != BufferKind::kTemporary ||
        std::count(seen.begin(), seen.end(), b) > 0)
      results[r] = clone(results[r]);
    seen.push_back(b);
  }
  return done;
}

}  // namespace rush::graph
