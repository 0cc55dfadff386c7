/* Kernels for the tile unit; compiled where the target has one. */
#include "matmul.h"

void (*const matmul_amx)(struct call *) = matmul;
