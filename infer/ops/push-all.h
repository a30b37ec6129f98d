/* Push constants of all kernels, as C structs. */
#pragma once
#include <assert.h>

#include "shaders/include/push.h"

#include "shaders/push/attention.h"
#include "shaders/push/cache_attention.h"
#include "shaders/push/conv.h"
#include "shaders/push/copy.h"
#include "shaders/push/elementwise.h"
#include "shaders/push/fourier.h"
#include "shaders/push/gather.h"
#include "shaders/push/layer_norm.h"
#include "shaders/push/linear.h"
#include "shaders/push/matmul_nt.h"
#include "shaders/push/matrix.h"
#include "shaders/push/mix.h"
#include "shaders/push/place.h"
#include "shaders/push/resize.h"
#include "shaders/push/rope.h"
#include "shaders/push/swiglu.h"
#include "shaders/push/upsample_add.h"
#include "shaders/push/window_attention.h"

#define PUSH_FITS(name) static_assert(sizeof(struct name##_push) <= 128, #name " has too many push constants")
PUSH_FITS(attention);
PUSH_FITS(cache_attention);
PUSH_FITS(conv);
PUSH_FITS(copy);
PUSH_FITS(elementwise);
PUSH_FITS(fourier);
PUSH_FITS(gather);
PUSH_FITS(layer_norm);
PUSH_FITS(linear);
PUSH_FITS(matmul_nt);
PUSH_FITS(matrix);
PUSH_FITS(mix);
PUSH_FITS(place);
PUSH_FITS(resize);
PUSH_FITS(rope);
PUSH_FITS(swiglu);
PUSH_FITS(upsample_add);
PUSH_FITS(window_attention);
