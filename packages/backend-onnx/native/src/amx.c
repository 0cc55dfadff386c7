/* Kernels for the tile unit; compiled where the target has one. */
#include "tile-product.h"
/* Which product the operator is made of. */
#include "matmul.h"

void (*const matmul_amx)(struct call *) = matmul;
