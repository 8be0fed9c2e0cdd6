// All of rush::optim.
#pragma once

#include "rush/optim/adagrad.h"
#include "rush/optim/adam.h"
#include "rush/optim/clip.h"
#include "rush/optim/rmsprop.h"
#include "rush/optim/scheduler.h"
#include "rush/optim/sgd.h"
