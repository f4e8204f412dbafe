#include "dynq_operator.h"

#include <cstring>

#include "dynq_seal.h"
#include "tensorflow/lite/micro/micro_log.h"

namespace dynq {
namespace {

constexpr size_t kAlignment = 16;

char last_error[128]; /* "NAME: reason" */

/* Appends a text as far as there is room; returns the new end. */
char *Append(char *end, const char *text) {
  while (*text != '\0' && end < last_error + sizeof last_error - 1) {
    *end++ = *text++;
  }
  *end = '\0';
  return end;
}

} // namespace

Tensor::~Tensor() {
  if (tensor_ != nullptr) {
    context_->DeallocateTempTfLiteTensor(tensor_);
  }
}

bool Tensor::IsComputed(TfLiteType type, size_t bytes) const {
  return Is(type, bytes) && tensor_->allocation_type != kTfLiteMmapRo;
}

bool Tensor::IsConstant(TfLiteType type, size_t bytes) const {
  return Is(type, bytes) && tensor_->allocation_type == kTfLiteMmapRo && tensor_->data.raw != nullptr &&
         reinterpret_cast<uintptr_t>(tensor_->data.raw) % kAlignment == 0;
}

bool Tensor::Is(TfLiteType type, size_t bytes) const {
  return tensor_ != nullptr && tensor_->type == type && tensor_->bytes == bytes;
}

const char *State::Allocate(TfLiteContext *context, size_t bytes) {
  memory_ = GetMicroContext(context)->AllocatePersistentBuffer(bytes);
  bytes_ = bytes;
  if (memory_ == nullptr) {
    return kArenaTooSmall;
  }
  Clear();
  return nullptr;
}

void State::Clear() {
  if (memory_ != nullptr) {
    memset(memory_, 0, bytes_);
  }
}

TfLiteStatus Accept(const char *name, const char *error) {
  if (error == nullptr) {
    return kTfLiteOk;
  }
  Append(Append(Append(last_error, name), ": "), error);
  MicroPrintf("%s", last_error);
  return kTfLiteError;
}

const char *OperatorError() {
  return last_error[0] != '\0' ? last_error : nullptr;
}

const char *CheckModel(const void *file, size_t bytes) {
  return dynq_seal_check(file, bytes);
}

} // namespace dynq
