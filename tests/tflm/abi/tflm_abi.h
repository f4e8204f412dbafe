/* The part of TensorFlow Lite Micro's binary interface that the operator touches, declared by us so that the operator
 * can be compiled against the runtime in a `tflite-micro` wheel, which comes without headers. Only what is used is
 * here, in the order and with the sizes that the runtime has. DYNQ_TFLM_NAMESPACED selects the layout that followed in
 * October 2026: everything in tflite::micro, and a TfLiteContext that holds one pointer. A user's firmware is compiled
 * against TFLM's own headers instead. */
#ifndef TFLM_ABI_H_
#define TFLM_ABI_H_

#include <cstddef>
#include <cstdint>

void MicroPrintf(const char *format, ...);

#ifdef DYNQ_TFLM_NAMESPACED
#define TFLM_C_TYPES_BEGIN                                                                                             \
  namespace tflite {                                                                                                   \
  namespace micro {
#define TFLM_C_TYPES_END                                                                                               \
  }                                                                                                                    \
  }
#define TFLM_CLASSES_BEGIN TFLM_C_TYPES_BEGIN
#define TFLM_CLASSES_END TFLM_C_TYPES_END
#else
#define TFLM_C_TYPES_BEGIN
#define TFLM_C_TYPES_END
#define TFLM_CLASSES_BEGIN namespace tflite {
#define TFLM_CLASSES_END }
#endif

TFLM_C_TYPES_BEGIN

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteType {
  kTfLiteNoType = 0,
  kTfLiteFloat32 = 1,
  kTfLiteInt32 = 2,
  kTfLiteUInt8 = 3,
  kTfLiteInt8 = 9,
  kTfLiteUInt32 = 16
};
enum TfLiteAllocationType { kTfLiteMemNone = 0, kTfLiteMmapRo = 1, kTfLiteArenaRw = 2 };

struct TfLiteIntArray {
  int size;
  int data[];
};

union TfLitePtrUnion {
  float *f;
  int8_t *int8;
  char *raw;
};

struct TfLiteQuantization {
  int type;
  void *params;
};

struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
};

struct TfLiteTensor {
  TfLiteQuantization quantization;
  TfLiteQuantizationParams params;
  TfLitePtrUnion data;
  TfLiteIntArray *dims;
  size_t bytes;
  TfLiteType type;
  TfLiteAllocationType allocation_type;
  bool is_variable;
};

struct TfLiteEvalTensor {
  TfLitePtrUnion data;
  TfLiteIntArray *dims;
  TfLiteType type;
};

struct TfLiteNode {
  TfLiteIntArray *inputs;
  TfLiteIntArray *outputs;
  TfLiteIntArray *intermediates;
  void *user_data;
  void *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
};

struct TfLiteContext {
#ifndef DYNQ_TFLM_NAMESPACED
  size_t tensors_size;
  void *get_execution_plan;
  void *tensors;
#endif
  void *impl_;
};

struct TFLMRegistration {
  void *(*init)(TfLiteContext *context, const char *buffer, size_t length);
  void (*free)(TfLiteContext *context, void *buffer);
  TfLiteStatus (*prepare)(TfLiteContext *context, TfLiteNode *node);
  TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
  void (*reset)(TfLiteContext *context, void *buffer);
  int32_t builtin_code;
  const char *custom_name;
};

TFLM_C_TYPES_END

TFLM_CLASSES_BEGIN

class MicroContext {
public:
  virtual ~MicroContext() = default;
  virtual void *AllocatePersistentBuffer(size_t bytes) = 0;
  virtual TfLiteStatus RequestScratchBufferInArena(size_t bytes, int *index) = 0;
  virtual void *GetScratchBuffer(int index) = 0;
  virtual TfLiteTensor *AllocateTempTfLiteTensor(int index) = 0;
  TfLiteTensor *AllocateTempInputTensor(const TfLiteNode *node, int index);
  TfLiteTensor *AllocateTempOutputTensor(const TfLiteNode *node, int index);
  virtual void DeallocateTempTfLiteTensor(TfLiteTensor *tensor) = 0;
  virtual uint8_t *AllocateTempBuffer(size_t bytes, size_t alignment) = 0;
  virtual void DeallocateTempBuffer(uint8_t *buffer) = 0;
  virtual TfLiteEvalTensor *GetEvalTensor(int index) = 0;
};

inline MicroContext *GetMicroContext(const TfLiteContext *context) {
  return static_cast<MicroContext *>(context->impl_);
}

TFLM_CLASSES_END

namespace tflite {
namespace micro {
#ifndef DYNQ_TFLM_NAMESPACED
using ::TfLiteContext;
using ::TfLiteEvalTensor;
using ::TfLiteNode;
#endif
const TfLiteEvalTensor *GetEvalInput(const TfLiteContext *context, const TfLiteNode *node, int index);
TfLiteEvalTensor *GetEvalOutput(const TfLiteContext *context, const TfLiteNode *node, int index);
} // namespace micro
} // namespace tflite

#endif
