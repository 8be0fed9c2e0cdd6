// What the source files of recurrent layers share: the arithmetic of one step.
#pragma once

#include <cstdint>

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Hidden units that one thread computes in a step.
struct Units {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// Rows of one step. Pointers are to the first row; rows of x, of its gradient and of what is kept
// are as long as their gates together, all others `hidden` long.
template <typename T>
struct RnnStep {
  int64_t rows, hidden;
  Units units;
  bool relu;
  T* y;  // holds what goes into the activation; becomes its result
};
template <typename T>
struct RnnStepGrad {
  int64_t rows, hidden;
  bool relu;
  const T *y, *dy;  // dy may be null
  const T* dh;
  T* dx;
};

// kept: i, f, g, o. Holds what goes into their activations; becomes their results.
template <typename T>
struct LstmStep {
  int64_t rows, hidden;
  Units units;
  T* kept;
  const T* c_before;
  T *c, *y;
};
// dc: the gradient of c, becomes that of c_before.
template <typename T>
struct LstmStepGrad {
  int64_t rows, hidden;
  const T *kept, *c_before, *c, *dy, *dh;
  T *dc, *dx;
};

// kept: r, z, hn (the new gate's share of the state), n. The first three hold the products of the
// state.
template <typename T>
struct GruStep {
  int64_t rows, hidden;
  Units units;
  const T* x;
  T* kept;
  const T* before;
  T* y;
};
// dh: the gradient of the state, becomes the share of it that goes past the gates to the state
// before. dx: of r, z, n; dg: of the products of the state.
template <typename T>
struct GruStepGrad {
  int64_t rows, hidden;
  const T *kept, *before, *dy;
  T *dh, *dx, *dg;
};

void run_step(const RnnStep<float>&);
void run_step(const RnnStep<double>&);
void run_step(const RnnStepGrad<float>&);
void run_step(const RnnStepGrad<double>&);
void run_step(const LstmStep<float>&);
void run_step(const LstmStep<double>&);
void run_step(const LstmStepGrad<float>&);
void run_step(const LstmStepGrad<double>&);
void run_step(const GruStep<float>&);
void run_step(const GruStep<double>&);
void run_step(const GruStepGrad<float>&);
void run_step(const GruStepGrad<double>&);

void register_recurrent(Table&);

}  // namespace rush::kernels::cpu
