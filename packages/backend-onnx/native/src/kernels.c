/* All kernels for one instruction set; KERNELS is the name of their table. */
#include "cached-attention.h"
#include "cross-entropy.h"
#include "elementwise.h"
#include "rms-norm.h"

const struct kernels KERNELS = {adam_w, swiglu, swiglu_grad, rms_norm_grad, attention, attention_grad, cached_attention, cross_entropy, cross_entropy_grad};
