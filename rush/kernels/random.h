// Filling tensors with random numbers of the Mersenne Twister, in the order in which their elements
// lie in memory: exactly as PyTorch's CPU generator does.
#pragma once

#include "rush/base/random.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels {

// Floating types. Requires: low <= high, std >= 0.
void fill_uniform(const View& out, double low, double high, Generator& generator);
void fill_normal(const View& out, double mean, double std, Generator& generator);
// Whole numbers in [low, high), any type but bool. Requires: low < high, both fit the type.
void fill_integers(const View& out, int64_t low, int64_t high, Generator& generator);
// 1 with probability p[i], else 0. `p`: floating, in out's shape.
void fill_bernoulli(const View& out, const View& p, Generator& generator);
// The next n numbers in [0, 1); whoever calls holds the generator's lock.
void draw_uniform(Generator& generator, float* out, int64_t n);
void draw_uniform(Generator& generator, double* out, int64_t n);
// Groups of 16 uniform numbers in [0, 1) become normal ones.
void to_normal_groups(float* v, int64_t groups, float mean, float std);
void fill_permutation(const View& out, Generator& generator);  // out: [n], integers
// Dropout of elements [begin, begin + n) of a tensor in row-major order: y[i] is 0 with probability
// p, as `key` decides for its place, else x[i] / (1 - p). y may be x.
void drop_elements(DType t, const RandomKey& key, double p, const void* x, void* y, int64_t begin,
                   int64_t n);

}  // namespace rush::kernels
