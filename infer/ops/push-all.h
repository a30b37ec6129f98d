/* Push constants of all kernels, as C structs. */
#pragma once
#include <assert.h>

#include "push.h"

#include "push/attention.h"
#include "push/conv.h"
#include "push/copy.h"
#include "push/elementwise.h"
#include "push/fourier.h"
#include "push/gather.h"
#include "push/layer_norm.h"
#include "push/linear.h"
#include "push/matmul_nt.h"
#include "push/resize.h"
#include "push/upsample_add.h"
#include "push/window_attention.h"

#define PUSH_FITS(name) static_assert(sizeof(struct name##_push) <= 128, #name " has too many push constants")
PUSH_FITS(attention);
PUSH_FITS(conv);
PUSH_FITS(copy);
PUSH_FITS(elementwise);
PUSH_FITS(fourier);
PUSH_FITS(gather);
PUSH_FITS(layer_norm);
PUSH_FITS(linear);
PUSH_FITS(matmul_nt);
PUSH_FITS(resize);
PUSH_FITS(upsample_add);
PUSH_FITS(window_attention);
