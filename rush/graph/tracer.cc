// A storage is told apart by a mark (trace id, buffer id) if a traced kernel made it, by its
// address if it came from outside (the trace keeps it alive). What remains alive at the end and is
// neither returned nor a gradient has escaped.
#include "rush/graph/tracer.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "rush/base/seeding.h"
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

void refuse_seeding() {
  if (t_observer) t_observer->refuse("manual_seed()", "seed between the calls");
}

class Tracer final : public Observer {
 public:
  Tracer(std::span<const Tensor> args, bool keeps_gradients)
      : id_(next_trace_id()), keeps_gradients_(keeps_gradients) {
    program_.arguments = static_cast<int>(args.size());
    for (size_t i = 0; i < args.size(); ++i) {
      const BufferId b = add_external(args[i], BufferKind::kArgument);
      program_.buffers[b].argument = static_cast<int>(i);
      argument_leaves_.push_back(Ref<Node>::share(args[i].body().edge.node()));
    }
    before_ = std::exchange(t_observer, this);
    t_seeding = refuse_seeding;
  }
  ~Tracer() override {
    t_observer = before_;
    t_seeding = nullptr;
  }

  void called(const Op& op, DType computing, std::span<const Tensor* const> in,
              std::span<const Tensor* const> out, const AttrRef& attrs) override {
    Instruction instruction;
    instruction.op = &op;
    instruction.origin = t_origin;
    const kernels::Entry* entry = detail::entry_of(op);
    if (entry && entry->is_row_op() && op.is_elementwise) {
      instruction.form = Form::kElementwise;
      instruction.computing = computing;
    }
    if (attrs.data) instruction.attrs = AttrBox(attrs);
    is_step_ = op.writes_in_place() && op.outputs == 0;  // of an optimiser
    if (is_step_) instruction.refresh_attrs = std::exchange(next_attrs_, nullptr);
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
    is_step_ = false;
    program_.instructions.push_back(std::move(instruction));
  }

  void overwrites(const Tensor& t) override { operand(t); }

  void read_on_host(const Tensor& t, const char* how) override {
    if (t.is_weak() && !is_argument(find(t))) return;
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
    const auto own =
        std::find(argument_leaves_.begin(), argument_leaves_.end(), Ref<Node>::share(&leaf));
    LeafRef place;
    if (own == argument_leaves_.end())
      place.captured = Ref<Node>::share(&leaf);
    else
      place.argument = static_cast<int>(own - argument_leaves_.begin());
    slots_.push_back({Ref<Node>::share(&leaf), place, grad, depends, !depends});
    if (!grad.defined() || !grad.has_data()) return;
    if (find(grad) != kNoBuffer)
      refuse_with("a gradient shares its memory with another tensor of the function",
                  "let backward() make it, or clone() it");
    const BufferId b = add_external(grad, BufferKind::kState);
    program_.buffers[b].grad_of = place;
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

  // `args`: of the call, for which the function was given others.
  Trace finish(std::span<const Tensor> args, const std::vector<Tensor>& results) {
    Trace trace;
    trace.guards.flags = std::move(flags_);
    for (const Tensor& t : results) {
      program_.results.push_back(operand(t));
      origins_[program_.results.back().buffer].is_alive = false;
    }
    trace.returned = results.size();
    settle_captured(results, trace.guards);
    settle_slots(args, trace);
    for (size_t b = 0; b < origins_.size(); ++b) {
      const auto mentions = [&](const Tensor& t) {  // and nobody else holds the handle
        return t.body().ref_count() == 1 && find(t) == static_cast<BufferId>(b);
      };
      const auto returned = std::count_if(results.begin(), results.end(), mentions);
      settle_buffer(static_cast<BufferId>(b), static_cast<uint32_t>(returned), trace);
    }
    settle_own();
    std::vector<OriginId*> origins;
    for (Instruction& i : program_.instructions) origins.push_back(&i.origin);
    place_between_modules(origins);
    trace.program = std::move(program_);
    return trace;
  }

 private:
  struct Slot {
    Ref<Node> leaf;
    LeafRef place;     // for later runs
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
    if (program_.buffers[b].kind == BufferKind::kState) note_captured(t);
    return {b, t.dtype(), t.layout()};
  }

  bool is_argument(BufferId b) const {
    return b != kNoBuffer && program_.buffers[b].kind == BufferKind::kArgument;
  }

  // Values that an optimiser keeps are its own business.
  void note_captured(const Tensor& t) {
    const Tensor whole = t.body().base ? Tensor(t.body().base) : t;
    if (is_step_ && !whole.body().edge) return;
    if (captured_.insert(&whole.body()).second) captured_tensors_.push_back(whole);
  }

  // Tensors that are gone with the function, or are with its results, were its own.
  void settle_captured(const std::vector<Tensor>& results, Guards& guards) {
    for (const Tensor& t : captured_tensors_) {
      const auto is_t = [&](const Tensor& r) { return r.is_same(t); };
      const auto returned = std::count_if(results.begin(), results.end(), is_t);
      const BufferId b = find(t);
      if (t.body().ref_count() > 1 + returned && b != kNoBuffer && !program_.buffers[b].grad_of)
        guards.captured.emplace_back(t);
    }
    captured_tensors_.clear();
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

  // Who uses a buffer at all, and which optimiser reads it.
  struct Use {
    bool any = false, by_optimiser = false;
  };
  std::vector<Use> find_uses() const {
    std::vector<Use> uses(program_.buffers.size());
    for (const Instruction& i : program_.instructions) {
      for (const auto* list : {&i.in, &i.out})
        for (const Operand& o : *list)
          if (o.buffer != kNoBuffer) uses[o.buffer].any = true;
      for (size_t k = 0; k < i.writes_input.size(); ++k)
        if (i.in[k].buffer != kNoBuffer && !i.writes_input[k])
          uses[i.in[k].buffer].by_optimiser = true;
    }
    return uses;
  }

  // Decides what later runs leave in the gradient slots this one has touched.
  void settle_slots(std::span<const Tensor> args, Trace& trace) {
    for (const Slot& s : slots_)
      if (s.place.argument >= 0 || s.place.captured->ref_count() > 2)
        trace.slots.push_back(s.place);
    check_slots(trace.slots, args);
    const std::vector<Use> uses = find_uses();
    for (Slot& s : slots_) {
      const bool is_own = s.place.argument < 0 && s.place.captured->ref_count() == 2;
      if (is_own) continue;  // a leaf that the function has made; the slot's references are all
      const BufferId before = s.before.defined() ? find(s.before) : kNoBuffer;
      if (s.depends || (before != kNoBuffer && uses[before].any))
        trace.guards.slots.push_back({s.place, place_of(s.before)});
      if (before != kNoBuffer) program_.buffers[before].storage = {};
      Tensor& grad = s.leaf->extras().grad;
      if (!grad.defined()) {
        trace.grads.push_back({s.place, -1});
        continue;
      }
      const BufferId b = find(grad);
      if (b == kNoBuffer || b == before) continue;  // added to in place
      if (s.is_replaced && uses[b].by_optimiser && !keeps_gradients_) {
        grad = Tensor();
        trace.grads.push_back({s.place, -1});
        continue;
      }
      trace.grads.push_back({s.place, static_cast<int>(program_.results.size())});
      program_.results.push_back(operand(grad));
      origins_[b].is_alive = false;
    }
    for (const Slot& s : slots_)
      if (s.place.argument >= 0) s.place.in(args).extras().grad = s.leaf->extras().grad;
  }

  // `returned`: how many handles among the results hold its memory.
  void settle_buffer(BufferId b, uint32_t returned, Trace& trace) {
    Buffer& buffer = program_.buffers[b];
    const Origin& origin = origins_[b];
    if (buffer.kind == BufferKind::kState && buffer.storage &&
        buffer.storage->ref_count() == 1 + returned)
      buffer.kind = BufferKind::kConstant;
    if (buffer.kind == BufferKind::kArgument) buffer.storage = {};
    if (buffer.kind != BufferKind::kTemporary || !origin.is_alive || !trace.unsettled.empty())
      return;
    trace.unsettled = concat({"a tensor of shape ", origin.shape, " made by ", origin.maker->name,
                              " outlives the function"});
  }

  // Constants are storages that the function itself has made, not by an op, and forgotten: numbers
  // that were given as such, or scratch when it is filled before it is read.
  void settle_own() {
    std::vector<bool> is_read(program_.buffers.size());
    for (const Instruction& i : program_.instructions) {
      for (const Operand& o : i.in)
        if (o.buffer != kNoBuffer) is_read[o.buffer] = true;
      for_each_write(i, [&](const Operand& o) {
        Buffer& buffer = program_.buffers[o.buffer];
        if (buffer.kind != BufferKind::kConstant) return;
        if (is_read[o.buffer] || !covers(o, buffer.bytes))
          refuse_with(concat({i.op->name, " changes a tensor in place that was made from numbers"}),
                      "clone() it first");
        buffer.kind = BufferKind::kTemporary;
        buffer.storage = {};
      });
    }
  }

  Observer* before_;
  uint64_t id_;
  bool keeps_gradients_;  // that an optimiser has used
  Program program_;
  std::vector<Origin> origins_;  // by buffer
  std::unordered_map<const Storage*, BufferId> externals_;
  std::vector<Ref<Node>> argument_leaves_;
  std::vector<Slot> slots_;
  std::vector<Tensor> captured_tensors_;
  std::unordered_set<const TensorBody*> captured_;  // of them
  std::vector<Guards::Flag> flags_;
  std::function<void(void*)> next_attrs_;
  bool is_step_ = false;  // an optimiser's step is being written down
};

}  // namespace

// Plans read gradients where they lie: the same place within memory of the same size.
static bool is_alike(const Tensor& a, const GradPlace& b) {
  if (!a.defined() || !b.is_full) return a.defined() == b.is_full;
  return a.dtype() == b.dtype && a.shape() == b.layout.shape && a.strides() == b.layout.strides &&
         a.layout().offset == b.layout.offset && a.storage()->bytes() == b.bytes;
}

// Tells apart any two lists of hooks that a leaf has had.
static uint64_t stamp_of_hooks(const Node* node) {
  if (!node || !node->extra || node->extra->hooks.empty()) return 0;
  return node->extra->hooks.back().id << 16 | node->extra->hooks.size();
}

Guards::Captured::Captured(const Tensor& t)
    : watch(Watch::of(t)),
      body(&t.body()),
      storage(body->storage.get()),
      node(body->edge.node()),
      hooks(stamp_of_hooks(node)) {}

bool Guards::Captured::is_as_traced() const {
  return body->storage.get() == storage && body->edge.node() == node &&
         stamp_of_hooks(node) == hooks && !is_abandoned(*body);
}

bool Guards::hold(std::span<const Tensor> args) const {
  for (const Flag& f : flags)
    if (f.flag->is_on != f.is_on) return false;
  for (const GradSlot& s : slots)
    if (!is_alike(s.leaf.in(args).extras().grad, s.before)) return false;
  for (const Captured& c : captured)
    if (!c.is_as_traced()) return false;
  return true;
}

bool Guards::are_void() const {
  return std::any_of(captured.begin(), captured.end(),
                     [](const Captured& c) { return is_abandoned(*c.body); });
}

void check_slots(std::span<const LeafRef> slots, std::span<const Tensor> args) {
  for (const LeafRef& s : slots) {
    if (s.argument < 0) continue;
    const Node& leaf = s.in(args);
    if (!leaf.is_leaf())
      fail("compile: backward() reaches argument ", s.argument, ", the result of ", leaf.name(),
           ", whose history it cannot follow; give a detached leaf, or use grad()");
    if (leaf.extra && !leaf.extra->hooks.empty())
      fail("compile: argument ", s.argument,
           " has hooks on its gradient, which a plan cannot run; ",
           "apply what they do inside the function");
    const auto is_same = [&](const LeafRef& o) { return &o.in(args) == &leaf; };
    if (std::count_if(slots.begin(), slots.end(), is_same) > 1)
      fail("compile: argument ", s.argument,
           " is given a gradient, and so is the same tensor as a ",
           "captured one or as another argument; give it once");
  }
}

void deliver(std::span<const GradResult> grads, std::span<const Tensor> args,
             std::span<Tensor> results) {
  for (const GradResult& g : grads)
    g.leaf.in(args).extras().grad = g.result < 0 ? Tensor() : std::move(results[g.result]);
}

Tensor as_argument(const Tensor& arg) {
  if (!arg.defined()) fail("compile: an argument is an undefined tensor");
  if (!arg.has_data())
    fail("compile: an argument is symbolic; feed placeholders in a session instead");
  if (is_dense(arg.shape(), arg.strides()) && arg.layout().offset == 0) return arg;
  const NoGrad off;
  const Tensor copy = arg.detach().clone();
  copy.body().edge = arg.body().edge;
  return copy;
}

Trace trace(const TensorFunction& fn, const std::vector<Tensor>& args, std::vector<Tensor>& results,
            bool keeps_gradients) {
  std::vector<Tensor> own;  // copies: an argument may also be a captured tensor, or given twice
  {
    const NoGrad off;
    for (const Tensor& t : args) {
      const Tensor& copy = own.emplace_back(t.detach().clone());
      copy.body().is_weak = t.is_weak();
      if (!t.requires_grad()) continue;
      copy.requires_grad_();
      if (t.is_leaf()) copy.body().edge.node()->extras().grad = t.grad();
    }
  }
  std::optional<Tracer> tracer(std::in_place, own, keeps_gradients);
  results = fn(own);
  own.clear();  // what is left of them now, others hold
  for (Tensor& t : results) {
    if (!t.defined()) fail("compile: the function returned an undefined tensor");
    t = t.detach();
  }
  Trace done = tracer->finish(args, results);
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
