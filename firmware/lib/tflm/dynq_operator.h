/* What the operators have in common: tensors and options as prepare checks them, memory that outlives an invoke, and
 * the way to say no. Users include dynq_tflm.h. */
#ifndef DYNQ_OPERATOR_H_
#define DYNQ_OPERATOR_H_

#include <cstddef>
#include <cstdint>
#include <new>

#include "dynq_options.h"
#include "dynq_tflm.h"
#include "tensorflow/lite/micro/kernels/kernel_util.h"
#include "tensorflow/lite/micro/micro_context.h"

namespace dynq {

constexpr char kArenaTooSmall[] = "arena: too small";

/* A tensor as prepare sees it, given back at the end of the scope. */
class Tensor {
public:
  static Tensor Input(TfLiteContext *context, TfLiteNode *node, int index) {
    MicroContext *micro = GetMicroContext(context);
    return Tensor(micro, micro->AllocateTempInputTensor(node, index));
  }
  static Tensor Output(TfLiteContext *context, TfLiteNode *node, int index) {
    MicroContext *micro = GetMicroContext(context);
    return Tensor(micro, micro->AllocateTempOutputTensor(node, index));
  }
  ~Tensor();
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;

  const TfLiteTensor *get() const {
    return tensor_;
  }
  /* In the arena: writable, and aligned by the interpreter. A file could make any tensor a constant. */
  bool IsComputed(TfLiteType type, size_t bytes) const;
  /* Constant, so that what prepare checked is what invoke reads, and aligned for the strictest kernel variant. */
  bool IsConstant(TfLiteType type, size_t bytes) const;

private:
  Tensor(MicroContext *context, TfLiteTensor *tensor) : context_(context), tensor_(tensor) {}
  bool Is(TfLiteType type, size_t bytes) const;

  MicroContext *context_;
  TfLiteTensor *tensor_;
};

/* An operator's options where they lie in the file. */
class Options {
public:
  Options() = default;
  Options(const char *bytes, size_t count) : bytes_(bytes), count_(count) {}

  /* nullptr and the struct filled, or what is wrong. */
  template <typename Struct> const char *Read(uint16_t version, Struct *options) const {
    return dynq_options_read(bytes_, count_, version, options, sizeof *options);
  }

private:
  const char *bytes_ = nullptr;
  size_t count_ = 0;
};

/* What an operator keeps from one invoke to the next, in the arena's persistent part, 16-byte aligned: zeros at first
 * and after MicroInterpreter::Reset(). Prepare allocates it, for only the options say how much. */
class State {
public:
  /* nullptr, or kArenaTooSmall. */
  const char *Allocate(TfLiteContext *context, size_t bytes);
  void Clear();
  void *get() const {
    return memory_;
  }

private:
  void *memory_ = nullptr;
  size_t bytes_ = 0;
};

/* The `init` of an operator whose record is a Data with a member `options`; nullptr when the arena is too small. */
template <typename Data> void *InitData(TfLiteContext *context, const char *options, size_t bytes) {
  void *memory = GetMicroContext(context)->AllocatePersistentBuffer(sizeof(Data));
  if (memory == nullptr) {
    return nullptr;
  }
  auto *data = new (memory) Data{};
  data->options = Options(options, bytes);
  return data;
}

/* The `reset` of an operator whose Data has a member `state`. */
template <typename Data> void ResetState(TfLiteContext *, void *data) {
  if (data != nullptr) { /* init found no room, and the program went on */
    static_cast<Data *>(data)->state.Clear();
  }
}

/* kTfLiteOk without an error; else OperatorError() says from now on which operator was refused, and why. */
TfLiteStatus Accept(const char *name, const char *error);

} // namespace dynq

#endif
