/* libFuzzer target: whatever options, tensors and counts a file gives an operator, prepare accepts or refuses it, and
 * what it accepts runs inside its buffers, step by step. A context of our own stands for the interpreter; every buffer
 * is an allocation of exactly the size that its tensor states, so that the address sanitizer sees any byte beyond. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "dynq.h"
#include "dynq_options.h"
#include "dynq_seal.h"
#include "dynq_tflm.h"
#include "tflm_abi.h"

namespace {

constexpr size_t kMostBytes = 1 << 16;

class Bytes {
public:
  Bytes(const uint8_t *data, size_t size) : data_(data), size_(size) {}
  uint8_t Next() {
    return size_ == 0 ? 0 : (size_--, *data_++);
  }
  uint32_t Word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
      value = value << 8 | Next();
    }
    return value;
  }
  std::vector<uint8_t> Take(size_t count) {
    count = count < size_ ? count : size_;
    std::vector<uint8_t> taken(data_, data_ + count);
    data_ += count;
    size_ -= count;
    return taken;
  }

private:
  const uint8_t *data_;
  size_t size_;
};

struct Free {
  void operator()(void *memory) const {
    free(memory);
  }
};
using Block = std::unique_ptr<char, Free>;

/* Exactly so many bytes, and not one more. */
Block Allocate(size_t bytes) {
  void *memory = nullptr;
  if (posix_memalign(&memory, 16, bytes) != 0) {
    abort();
  }
  memset(memory, 0x3c, bytes);
  return Block(static_cast<char *>(memory));
}

class Context : public tflite::MicroContext {
public:
  std::vector<TfLiteTensor> tensors;
  std::vector<TfLiteEvalTensor> evaluated;
  std::vector<Block> blocks;
  std::vector<Block> persistent;
  Block scratch;
  int borrowed = 0;
  bool out_of_memory = false;

  void *AllocatePersistentBuffer(size_t bytes) override {
    persistent.push_back(Allocate(bytes));
    return out_of_memory ? nullptr : persistent.back().get();
  }
  TfLiteStatus RequestScratchBufferInArena(size_t bytes, int *index) override {
    scratch = Allocate(bytes);
    *index = 0;
    return kTfLiteOk;
  }
  void *GetScratchBuffer(int) override {
    return scratch.get();
  }
  TfLiteTensor *AllocateTempTfLiteTensor(int index) override {
    borrowed++;
    return &tensors[static_cast<size_t>(index)];
  }
  void DeallocateTempTfLiteTensor(TfLiteTensor *) override {
    borrowed--;
  }
  uint8_t *AllocateTempBuffer(size_t, size_t) override {
    return nullptr;
  }
  void DeallocateTempBuffer(uint8_t *) override {}
  TfLiteEvalTensor *GetEvalTensor(int index) override {
    return &evaluated[static_cast<size_t>(index)];
  }
};

/* How many inputs reached the kernels, told at exit: a fuzzer that is always refused proves nothing. */
struct Accepted {
  unsigned count = 0;
  ~Accepted() {
    fprintf(stderr, "accepted %u\n", count);
  }
} accepted;

struct Indices {
  int size;
  int data[8];
};

TfLiteIntArray *AsArray(Indices *indices) {
  return reinterpret_cast<TfLiteIntArray *>(indices);
}

/* A tensor of the kind the operator expects in this place, unless the input says otherwise. */
TfLiteTensor MakeTensor(Bytes *input, Context *context, TfLiteType type, size_t bytes, bool constant) {
  const uint8_t oddity = input->Next();
  TfLiteTensor tensor = {};
  tensor.type = oddity & 1 ? static_cast<TfLiteType>(input->Next() % 16) : type;
  tensor.bytes = oddity & 2 ? input->Word() % kMostBytes : bytes % kMostBytes;
  tensor.allocation_type = constant != ((oddity & 4) != 0) ? kTfLiteMmapRo : kTfLiteArenaRw;
  tensor.params.scale = oddity & 8 ? static_cast<float>(static_cast<int32_t>(input->Word())) : 0.05078125f;
  tensor.params.zero_point = oddity & 16 ? static_cast<int32_t>(input->Word()) : -20;
  /* only a constant can lie anywhere: the interpreter aligns what it puts into its arena */
  const size_t shift = oddity & 32 && tensor.allocation_type == kTfLiteMmapRo ? input->Next() % 16 : 0;
  const std::vector<uint8_t> values = input->Take(tensor.bytes);
  Block memory = Allocate(tensor.bytes + shift);
  if (!values.empty()) {
    memcpy(memory.get() + shift, values.data(), values.size());
  }
  tensor.data.raw = memory.get() + shift;
  context->blocks.push_back(std::move(memory));
  return tensor;
}

} // namespace

/* The interpreter's own functions that the operator calls. */
namespace tflite {
TfLiteTensor *MicroContext::AllocateTempInputTensor(const TfLiteNode *node, int index) {
  return index < node->inputs->size ? AllocateTempTfLiteTensor(node->inputs->data[index]) : nullptr;
}
TfLiteTensor *MicroContext::AllocateTempOutputTensor(const TfLiteNode *node, int index) {
  return index < node->outputs->size ? AllocateTempTfLiteTensor(node->outputs->data[index]) : nullptr;
}
namespace micro {
const TfLiteEvalTensor *GetEvalInput(const TfLiteContext *context, const TfLiteNode *node, int index) {
  return GetMicroContext(context)->GetEvalTensor(node->inputs->data[index]);
}
TfLiteEvalTensor *GetEvalOutput(const TfLiteContext *context, const TfLiteNode *node, int index) {
  return GetMicroContext(context)->GetEvalTensor(node->outputs->data[index]);
}
} // namespace micro
} // namespace tflite

void MicroPrintf(const char *, ...) {}

namespace {

/* A tensor as an operator expects it. */
struct Place {
  TfLiteType type;
  size_t bytes;
  bool constant;
};

/* An operator with the inputs that fit its options, so far as they can be read; the last one is the optional range. */
struct Subject {
  const TFLMRegistration *registration;
  uint32_t outputs;
  std::vector<Place> inputs;
};

template <typename Struct> Struct Read(const std::vector<uint8_t> &bytes, uint16_t version) {
  Struct options = {};
  if (dynq_options_read(bytes.data(), bytes.size(), version, &options, sizeof options) != nullptr) {
    memset(&options, 0, sizeof options);
  }
  return options;
}

Place Features(uint32_t count, bool int8) {
  return {int8 ? kTfLiteInt8 : kTfLiteFloat32, count % 4097 * (int8 ? 1u : 4u), false};
}

Subject MakeSubject(uint8_t which, const std::vector<uint8_t> &bytes, bool int8) {
  const Place range = {kTfLiteFloat32, 8, false};
  switch (which % 4) {
  case 0: {
    const auto o = Read<dynq_fully_connected_options_t>(bytes, DYNQ_FULLY_CONNECTED_VERSION);
    return {dynq::FullyConnected::Registration(),
            o.outputs % 4097u,
            {Features(o.inputs, int8),
             {kTfLiteUInt8, dynq_weight_bytes(o.inputs, o.outputs, o.bits), true},
             {kTfLiteUInt32, dynq_column_bytes(o.outputs), true},
             range}};
  }
  case 1: {
    const auto o = Read<dynq_filter_options_t>(bytes, DYNQ_FILTER_VERSION);
    return {dynq::Filter::Registration(),
            o.channels % 4097u,
            {Features(o.channels, int8),
             {kTfLiteInt8, dynq_tap_bytes(o.channels, o.taps), true},
             {kTfLiteUInt32, dynq_filter_parameter_bytes(o.channels), true},
             range}};
  }
  case 2: {
    const auto o = Read<dynq_mean_options_t>(bytes, DYNQ_MEAN_VERSION);
    return {dynq::Mean::Registration(), o.width % 4097u, {Features(o.width, int8), range}};
  }
  default: {
    const auto o = Read<dynq_add_options_t>(bytes, DYNQ_ADD_VERSION);
    return {dynq::Add::Registration(), o.width % 4097u, {Features(o.width, int8), Features(o.width, int8), range}};
  }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Bytes input(data, size);
  const uint8_t which = input.Next();
  const uint8_t kind = input.Next();
  const std::vector<uint8_t> options = input.Take(input.Next());
  const bool int8 = (kind & 1) != 0;
  const Subject subject = MakeSubject(which, options, int8);
  const int ranged = static_cast<int>(subject.inputs.size());

  Context context;
  context.out_of_memory = (kind & 128) != 0;
  Indices in = {(kind & 2) != 0            ? input.Next() % 8
                : (kind & 4) != 0 && !int8 ? ranged
                                           : ranged - 1,
                {0, 1, 2, 3, 0, 0, 0, 0}};
  Indices out = {(kind & 8) != 0 ? input.Next() % 8 : (kind & 16) != 0 ? 2 : 1, {4, 5, 4, 4, 4, 4, 4, 4}};
  std::vector<Place> places = subject.inputs;
  places.resize(4, places[0]);
  places.push_back({kTfLiteFloat32, subject.outputs * 4u, false});
  places.push_back({kTfLiteFloat32, 8, false});
  for (const Place &place : places) {
    context.tensors.push_back(MakeTensor(&input, &context, place.type, place.bytes, place.constant));
    const TfLiteTensor &made = context.tensors.back();
    context.evaluated.push_back({made.data, nullptr, made.type});
  }

  TfLiteContext tflm = {};
  tflm.impl_ = static_cast<tflite::MicroContext *>(&context);
  TfLiteNode node = {};
  node.inputs = AsArray(&in);
  node.outputs = AsArray(&out);
  const TFLMRegistration *operation = subject.registration;
  node.user_data = operation->init(&tflm, reinterpret_cast<const char *>(options.data()), options.size());
  const TfLiteStatus prepared = operation->prepare(&tflm, &node);
  if (context.borrowed != 0) {
    abort();
  }
  if (prepared == kTfLiteOk) {
    accepted.count++;
    for (int step = 0; step < 3; step++) {
      if (operation->invoke(&tflm, &node) != kTfLiteOk) {
        abort();
      }
    }
  }
  if (operation->reset != nullptr) {
    operation->reset(&tflm, node.user_data);
  }
  if (prepared != kTfLiteOk && dynq::OperatorError() == nullptr) {
    abort();
  }
  dynq_seal_check(data, size);
  return 0;
}
