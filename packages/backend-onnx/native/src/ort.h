/*
 * The part of ONNX Runtime's C interface that a library of operators needs: the layout of OrtCustomOp and the places of
 * a few functions in the table OrtApi (docs/api/c/struct_ort_api.html and struct_ort_custom_op.html; both only grow at
 * their ends).
 */
#ifndef ATTUNE_ORT_H
#define ATTUNE_ORT_H

#include <stddef.h>
#include <stdint.h>

typedef void *OrtStatusPtr; /* null: all is well */
typedef void *const OrtApi; /* a table of functions, called by the macros below */

/* Version of the interface that OrtCustomOp's layout is declared in. */
#define ORT_API_VERSION 23

#define ORT_CALL(api, index, ...) (((OrtStatusPtr(*)(__VA_ARGS__))(api)[index]))
#define ort_CreateStatus(api) ORT_CALL(api, 0, int, const char *)
#define ort_CreateCustomOpDomain(api) ORT_CALL(api, 26, const char *, void **)
#define ort_CustomOpDomain_Add(api) ORT_CALL(api, 27, void *, const struct OrtCustomOp *)
#define ort_AddCustomOpDomain(api) ORT_CALL(api, 28, void *, void *)
#define ort_GetTensorMutableData(api) ORT_CALL(api, 51, const void *, void **)
#define ort_GetDimensionsCount(api) ORT_CALL(api, 61, const void *, size_t *)
#define ort_GetDimensions(api) ORT_CALL(api, 62, const void *, int64_t *, size_t)
#define ort_GetTensorTypeAndShape(api) ORT_CALL(api, 65, const void *, void **)
#define ort_KernelInfoGetAttribute_float(api) ORT_CALL(api, 85, const void *, const char *, float *)
#define ort_KernelContext_GetInput(api) ORT_CALL(api, 90, const void *, size_t, const void **)
#define ort_KernelContext_GetOutput(api) ORT_CALL(api, 91, void *, size_t, const int64_t *, size_t, void **)
#define ort_ReleaseTensorTypeAndShapeInfo(api) ((void (*)(void *))(api)[99])
#define ort_KernelContext_ParallelFor(api) \
  ORT_CALL(api, 274, const void *, void (*)(void *, size_t), size_t, size_t, void *)

struct OrtCustomOp {
  uint32_t version;
  void *(*CreateKernel)(const struct OrtCustomOp *, OrtApi *, const void *info);
  const char *(*GetName)(const struct OrtCustomOp *);
  const char *(*GetExecutionProviderType)(const struct OrtCustomOp *);
  int (*GetInputType)(const struct OrtCustomOp *, size_t);
  size_t (*GetInputTypeCount)(const struct OrtCustomOp *);
  int (*GetOutputType)(const struct OrtCustomOp *, size_t);
  size_t (*GetOutputTypeCount)(const struct OrtCustomOp *);
  void (*KernelCompute)(void *kernel, void *context);
  void (*KernelDestroy)(void *kernel);
  int (*GetInputCharacteristic)(const struct OrtCustomOp *, size_t);
  int (*GetOutputCharacteristic)(const struct OrtCustomOp *, size_t);
  int (*GetInputMemoryType)(const struct OrtCustomOp *, size_t);
  int (*GetVariadicInputMinArity)(const struct OrtCustomOp *);
  int (*GetVariadicInputHomogeneity)(const struct OrtCustomOp *);
  int (*GetVariadicOutputMinArity)(const struct OrtCustomOp *);
  int (*GetVariadicOutputHomogeneity)(const struct OrtCustomOp *);
  OrtStatusPtr (*CreateKernelV2)(const struct OrtCustomOp *, OrtApi *, const void *info, void **kernel);
  OrtStatusPtr (*KernelComputeV2)(void *kernel, void *context);
  OrtStatusPtr (*InferOutputShapeFn)(const struct OrtCustomOp *, void *);
  int (*GetStartVersion)(const struct OrtCustomOp *);
  int (*GetEndVersion)(const struct OrtCustomOp *);
  size_t (*GetMayInplace)(int **inputs, int **outputs);
  void (*ReleaseMayInplace)(int *inputs, int *outputs);
  size_t (*GetAliasMap)(int **inputs, int **outputs);
  void (*ReleaseAliasMap)(int *inputs, int *outputs);
};

#define ORT_FLOAT 1 /* ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT */
#define ORT_REQUIRED 0 /* INPUT_OUTPUT_REQUIRED */

#endif
