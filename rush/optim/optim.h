// All of rush::optim.
#pragma once

#include "rush/optim/adadelta.h"
#include "rush/optim/adagrad.h"
#include "rush/optim/adam.h"
#include "rush/optim/adamax.h"
#include "rush/optim/asgd.h"
#include "rush/optim/clip.h"
#include "rush/optim/lbfgs.h"
#include "rush/optim/muon.h"
#include "rush/optim/nadam.h"
#include "rush/optim/radam.h"
#include "rush/optim/rmsprop.h"
#include "rush/optim/rprop.h"
#include "rush/optim/scheduler.h"
#include "rush/optim/schedules.h"
#include "rush/optim/sgd.h"
