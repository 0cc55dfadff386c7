/* All kernels for one instruction set; KERNELS is the name of their table. */
#include "cached-attention.h"
#include "cross-entropy.h"
#include "elementwise.h"
#include "rms-norm.h"
#include "vector-product.h"
/* Which product the operator is made of. */
#include "matmul.h"

/* With eight lanes it has been measured to be faster than ONNX Runtime's. */
#define MATMUL (LANES == 8 ? matmul : 0)

const struct kernels KERNELS = {adam_w, swiglu, swiglu_grad, rms_norm_grad, attention, attention_grad, span_attention, span_attention_grad, cached_attention, cross_entropy, cross_entropy_grad, MATMUL};
