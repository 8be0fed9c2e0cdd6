// All of rush::nn.
#pragma once

#include "rush/nn/activation.h"
#include "rush/nn/any_module.h"
#include "rush/nn/conv.h"
#include "rush/nn/dropout.h"
#include "rush/nn/embedding.h"
#include "rush/nn/init.h"
#include "rush/nn/linear.h"
#include "rush/nn/loss.h"
#include "rush/nn/module.h"
#include "rush/nn/norm.h"
#include "rush/nn/pool.h"
#include "rush/nn/reshape.h"
#include "rush/nn/sequential.h"
#include "rush/nn/softmax.h"
