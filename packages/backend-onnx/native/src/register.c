/* Declares the operators of the domain `attune` to ONNX Runtime. */
#include <stdlib.h>
#include <string.h>

#include "call.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const struct kernels kernels_avx512, kernels_avx2;

/* Asks processor and operating system (Intel's manual, volume 2, CPUID leaf 7 and XGETBV). */
static const struct kernels *best(void) {
  unsigned eax, ebx, ecx, edx, state;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return 0;
  const unsigned fma = 1u << 12, osxsave = 1u << 27;
  if (!(ecx & fma) || !(ecx & osxsave)) return 0;
  __asm__("xgetbv" : "=a"(state), "=d"(edx) : "c"(0));
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 0;
  /* F, DQ, BW and VL of AVX-512, whose registers the system has to save: state bits 1, 2, 5, 6 and 7. */
  const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, avx2 = 1u << 5;
  const char *wanted = getenv("ATTUNE_NATIVE");
  const int narrow = wanted && strcmp(wanted, "avx2") == 0;
  if (!narrow && (ebx & avx512) == avx512 && (state & 0xe6) == 0xe6) return &kernels_avx512;
  return (ebx & avx2) && (state & 6) == 6 ? &kernels_avx2 : 0;
}

#if defined(__linux__)
extern void (*const matmul_amx)(struct call *);

/* AMX-TILE and AMX-BF16 (leaf 7), whose state the system saves (bits 17 and 18) and gives to processes that ask. */
static void (*tiles(void))(struct call *) {
  static int known, granted;
  if (!known) {
    unsigned eax, ebx, ecx, edx, state;
    const unsigned wanted = 1u << 22 | 1u << 24;
    const char *instructions = getenv("ATTUNE_NATIVE");
    known = 1;
    if (instructions && strncmp(instructions, "avx", 3) == 0) return 0;
    if (best() != &kernels_avx512 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 0;
    __asm__("xgetbv" : "=a"(state), "=d"(eax) : "c"(0));
    const long request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA */
    granted = (edx & wanted) == wanted && (state & 0x60000) == 0x60000 && syscall(SYS_arch_prctl, request, tile_data) == 0;
  }
  return granted ? matmul_amx : 0;
}
#else
static void (*tiles(void))(struct call *) { return 0; }
#endif
#else
extern const struct kernels kernels_base;
static const struct kernels *best(void) { return &kernels_base; }
static void (*tiles(void))(struct call *) { return 0; }
#endif

struct op {
  struct OrtCustomOp base;
  const char *name;
  size_t inputs, outputs;
  const char *attributes[MAX_ATTRIBUTES];
  void (*run)(struct call *);
};

struct kernel {
  const struct op *op;
  OrtApi *api;
  float attributes[MAX_ATTRIBUTES];
};

static const char *get_name(const struct OrtCustomOp *op) { return ((const struct op *)op)->name; }
static const char *get_provider(const struct OrtCustomOp *op) { (void)op; return "CPUExecutionProvider"; }
static int get_float(const struct OrtCustomOp *op, size_t i) { (void)op, (void)i; return ORT_FLOAT; }
static size_t get_inputs(const struct OrtCustomOp *op) { return ((const struct op *)op)->inputs; }
static size_t get_outputs(const struct OrtCustomOp *op) { return ((const struct op *)op)->outputs; }
static int get_required(const struct OrtCustomOp *op, size_t i) { (void)op, (void)i; return ORT_REQUIRED; }
static int get_memory(const struct OrtCustomOp *op, size_t i) { (void)op, (void)i; return 0; }
static int get_one(const struct OrtCustomOp *op) { (void)op; return 1; }

static OrtStatusPtr create(const struct OrtCustomOp *op, OrtApi *api, const void *info, void **out) {
  struct kernel *kernel = calloc(1, sizeof *kernel);
  if (!kernel) return ort_CreateStatus(api)(1, "out of memory");
  kernel->op = (const struct op *)op;
  kernel->api = api;
  for (int i = 0; i < MAX_ATTRIBUTES && kernel->op->attributes[i]; i++) {
    OrtStatusPtr status = ort_KernelInfoGetAttribute_float(api)(info, kernel->op->attributes[i], &kernel->attributes[i]);
    if (status) {
      free(kernel);
      return status;
    }
  }
  *out = kernel;
  return 0;
}

static OrtStatusPtr compute(void *data, void *context) {
  const struct kernel *kernel = data;
  struct call call = {.api = kernel->api, .context = context};
  memcpy(call.attributes, kernel->attributes, sizeof call.attributes);
  for (size_t i = 0; i < kernel->op->inputs; i++) {
    const void *value;
    void *info, *elements;
    OrtStatusPtr status = ort_KernelContext_GetInput(call.api)(context, i, &value);
    if (!status) status = ort_GetTensorMutableData(call.api)(value, &elements);
    if (!status) status = ort_GetTensorTypeAndShape(call.api)(value, &info);
    if (status) return status;
    call.inputs[i] = elements;
    status = ort_GetDimensionsCount(call.api)(info, &call.ranks[i]);
    if (!status && call.ranks[i] > MAX_RANK) status = ort_CreateStatus(call.api)(1, "more axes than an operator of attune takes");
    if (!status) status = ort_GetDimensions(call.api)(info, call.shapes[i], call.ranks[i]);
    ort_ReleaseTensorTypeAndShapeInfo(call.api)(info);
    if (status) return status;
  }
  kernel->op->run(&call);
  return call.status;
}

/*
 * Adds the operators to a session's options.
 * @param api ONNX Runtime's table of functions
 * @param options OrtSessionOptions
 * @returns an OrtStatus, null when all is well
 */
__attribute__((visibility("default"))) OrtStatusPtr attune_register(OrtApi *api, void *options) {
  static struct op ops[] = {
      {.name = "AdamW", .inputs = 8, .outputs = 3, .attributes = {"beta1", "beta2", "eps", "rest1", "rest2"}},
      {.name = "Swiglu", .inputs = 2, .outputs = 1},
      {.name = "SwigluGrad", .inputs = 3, .outputs = 2},
      {.name = "RmsNormGrad", .inputs = 4, .outputs = 2},
      {.name = "Attention", .inputs = 3, .outputs = 2, .attributes = {"scale", "causal"}},
      {.name = "AttentionGrad", .inputs = 6, .outputs = 3, .attributes = {"scale", "causal"}},
      {.name = "SpanAttention", .inputs = 4, .outputs = 2, .attributes = {"scale", "causal"}},
      {.name = "SpanAttentionGrad", .inputs = 7, .outputs = 3, .attributes = {"scale", "causal"}},
      {.name = "CachedAttention", .inputs = 6, .outputs = 3, .attributes = {"scale"}},
      {.name = "CrossEntropy", .inputs = 2, .outputs = 2, .attributes = {"smoothing"}},
      {.name = "CrossEntropyGrad", .inputs = 4, .outputs = 1, .attributes = {"smoothing"}},
      {.name = "MatMul", .inputs = 2, .outputs = 1, .attributes = {"transA", "transB"}},
      {.name = "TileMatMul", .inputs = 2, .outputs = 1, .attributes = {"transA", "transB"}},
  };
  static void *domain;
  if (!domain) {
    const struct kernels *k = best();
    if (!k) return ort_CreateStatus(api)(1, "the processor has no AVX2");
    void (*const run[])(struct call *) = {k->adam_w, k->swiglu, k->swiglu_grad, k->rms_norm_grad, k->attention, k->attention_grad, k->span_attention, k->span_attention_grad, k->cached_attention, k->cross_entropy, k->cross_entropy_grad, k->matmul, tiles()};
    OrtStatusPtr status = ort_CreateCustomOpDomain(api)("attune", &domain);
    for (size_t i = 0; !status && i < sizeof ops / sizeof *ops; i++) {
      if (!run[i]) continue;
      struct OrtCustomOp *op = &ops[i].base;
      ops[i].run = run[i];
      op->version = ORT_API_VERSION;
      op->GetName = get_name;
      op->GetExecutionProviderType = get_provider;
      op->GetInputType = op->GetOutputType = get_float;
      op->GetInputTypeCount = get_inputs;
      op->GetOutputTypeCount = get_outputs;
      op->KernelDestroy = free;
      op->GetInputCharacteristic = op->GetOutputCharacteristic = get_required;
      op->GetInputMemoryType = get_memory;
      op->GetVariadicInputMinArity = op->GetVariadicInputHomogeneity = get_one;
      op->GetVariadicOutputMinArity = op->GetVariadicOutputHomogeneity = get_one;
      op->CreateKernelV2 = create;
      op->KernelComputeV2 = compute;
      op->GetStartVersion = get_one;
      op->GetEndVersion = get_one;
      status = ort_CustomOpDomain_Add(api)(domain, op);
    }
    if (status) {
      domain = 0;
      return status;
    }
  }
  return ort_AddCustomOpDomain(api)(options, domain);
}

/* The instruction set that the kernels use here; null when there are none for this processor. */
__attribute__((visibility("default"))) const char *attune_instructions(void) {
#if defined(__x86_64__)
  const struct kernels *k = best();
  return tiles() ? "amx" : k == &kernels_avx512 ? "avx512" : k ? "avx2" : 0;
#else
  return "neon";
#endif
}
