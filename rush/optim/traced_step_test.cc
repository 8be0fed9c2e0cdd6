// What a step tells a trace of itself, and optimisers that follow another.
#include <gtest/gtest.h>

#include "rush/base/testing/errors.h"
#include "rush/core/op.h"
#include "rush/optim/optim.h"

namespace rush::optim {
namespace {

// Keeps what it is told.
class Notes final : public Observer {
 public:
  Notes() { t_observer = this; }
  ~Notes() override { t_observer = nullptr; }
  void called(const Op& op, DType, std::span<const Tensor* const>, std::span<const Tensor* const>,
              const AttrRef&) override {
    calls.push_back(op.name);
  }
  void overwrites(const Tensor&) override {}
  void read_on_host(const Tensor&, const char*) override {}
  void grad_slot_changes(Node&, bool) override {}
  void read_switch(const Ref<Switch>&) override {}
  void released(uint64_t) override {}
  void next_attrs(std::function<void(void*)> attrs) override { fills.push_back(std::move(attrs)); }
  void host_action(std::function<void()> action, std::function<void()>) override {
    actions.push_back(std::move(action));
  }
  void refuse(const char* what, const char* advice) override { fail(what, ": ", advice); }

  std::vector<std::string> calls;
  std::vector<std::function<void(void*)>> fills;
  std::vector<std::function<void()>> actions;
};

Tensor parameter() { return Tensor::from({1, 2}).requires_grad_(); }

TEST(TracedStep, TellsStepCountAndRateAnew) {
  const std::vector<Tensor> params{parameter()}, grads{Tensor::from({1, 1})};
  Adam adam(params);
  Notes notes;
  adam.step(grads);
  adam.step(grads);
  EXPECT_EQ(notes.calls, (std::vector<std::string>{"adam_step", "adam_step"}));
  ASSERT_EQ(notes.actions.size(), 2u);
  ASSERT_EQ(notes.fills.size(), 2u);
  adam.options().lr = 0.5;
  for (const auto& action : notes.actions) action();
  AdamStepAttrs first, second;
  notes.fills[0](&first);
  notes.fills[1](&second);
  EXPECT_EQ(first.step, 3);
  EXPECT_EQ(second.step, 4);
  EXPECT_EQ(first.lr, 0.5);
}

TEST(TracedStep, FirstStepOfMomentumIsNotRepeated) {
  const std::vector<Tensor> params{parameter()}, grads{Tensor::from({1, 1})};
  SGD sgd(params, {.momentum = 0.9});
  Notes notes;
  sgd.step(grads);
  EXPECT_EQ(notes.calls, std::vector<std::string>{"sgd_step"});  // the buffer's zeros are hidden
  SgdStepAttrs again;
  notes.fills.at(0)(&again);
  EXPECT_FALSE(again.first_step);
  sgd.options().momentum = 0;
  EXPECT_EQ(error_of([&] { notes.fills[0](&again); }),
            "SGD: an option that adds or drops a kind of state (momentum, amsgrad, centered) has "
            "changed since it was compiled; compile again");
}

TEST(TracedStep, KnowsThatTheOptimiserIsGone) {
  Notes notes;
  {
    t_observer = nullptr;
    SGD sgd({parameter()});
    t_observer = &notes;
    sgd.step(std::vector<Tensor>{Tensor::from({1, 1})});
  }
  EXPECT_EQ(error_of(notes.actions.at(0)),
            "SGD: the optimiser has been destroyed, but what was built with it is still in use");
}

TEST(TracedStep, HostEffectsAreRefused) {
  SGD sgd({parameter()});
  StepLR schedule(sgd, {.step_size = 1});
  const State state = sgd.state();
  Notes notes;
  EXPECT_NE(error_of([&] { sgd.set_lr(1); }), "no error");
  EXPECT_NE(error_of([&] { schedule.step(); }), "no error");
  EXPECT_NE(error_of([&] { sgd.load(state); }), "no error");
  EXPECT_NE(error_of([&] { SGD other({parameter()}); }), "no error");
  EXPECT_EQ(sgd.lr(), 1e-3);
}

TEST(Replica, FollowsTheOptionsOfItsOriginal) {
  auto original = std::make_unique<SGD>(std::vector{parameter()});
  original->add_param_group({parameter()}, {.lr = 1});
  const Tensor a = parameter(), b = parameter();
  const auto replica = original->replica({{a}, {b}});
  original->set_lr(0, 0.5);
  replica->step(std::vector<Tensor>{Tensor::from({1, 1}), Tensor()});
  EXPECT_EQ(a.to_vector(), (std::vector<double>{0.5, 1.5}));
  replica->step(std::vector<Tensor>{Tensor(), Tensor::from({2, 2})});
  EXPECT_EQ(b.to_vector(), (std::vector<double>{-1, 0}));
  EXPECT_EQ(original->params()[0].to_vector(), (std::vector<double>{1, 2}));
  EXPECT_EQ(error_of([&] { replica->step(std::vector<Tensor>(1)); }),
            "SGD: one gradient for each of 2 parameters is needed; what came: 1");
  original.reset();
  EXPECT_NE(error_of([&] { replica->step(std::vector<Tensor>(2)); }), "no error");
}

TEST(Optimizer, LoadKeepsTheTensorsItHas) {
  const std::vector<Tensor> grads{Tensor::from({1, 1})};
  SGD sgd({parameter()}, {.momentum = 0.9});
  sgd.step(grads);
  const State before = sgd.state();
  const Tensor buffer = before[1].second, copy = buffer.clone();
  sgd.step(grads);
  sgd.load({before[0], {before[1].first, copy}, before[2]});
  EXPECT_EQ(buffer.to_vector(), (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace rush::optim
