// SentencePiece's models write a space as U+2581, three bytes, all over their vocabulary and, by their normalizer, the text.
// The two characters change roles here: spaces stay what they are and the tokens are written with them, so that the text
// need not be rewritten and words are shorter. The ids are the same.
#pragma once
#include "tokenizer/spec.h"

namespace cole {

// For a spec whose normalizer ends by making every space a U+2581; others stay as they are.
TokenizerSpec with_spaces_for_metaspace(TokenizerSpec spec);

}  // namespace cole
