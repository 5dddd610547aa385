"""Which of Keras' layers and operations are affine, which multiply, and which are not polynomials, by their names."""

from pinet_keras.analysis.graph import names
from pinet_keras.analysis.rule_exceptions import RANDOM_IN_TRAINING

# "Identity" layers return their input at inference.
IDENTITIES = RANDOM_IN_TRAINING | names("Identity ActivityRegularization")
# "Sum" layers move, copy and add values: every coefficient is 0, 1 or −1, so they need no multiplication.
SUMS = names(
    "Add Subtract Concatenate Flatten Reshape Permute RepeatVector ZeroPadding1D ZeroPadding2D ZeroPadding3D "
    "Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling3D"
)
AFFINE = names(
    "Dense EinsumDense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D "
    "DepthwiseConv2D SeparableConv1D SeparableConv2D Average AveragePooling1D AveragePooling2D AveragePooling3D "
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D AdaptiveAveragePooling1D "
    "AdaptiveAveragePooling2D AdaptiveAveragePooling3D BatchNormalization"
)
SCALINGS = names("Rescaling Normalization")
RESIZERS = names("UpSampling2D Resizing RandomCrop CenterCrop")  # the last two resize images that are too small
INTERPOLATIONS = names("nearest bilinear bicubic lanczos3 lanczos5")
ACTIVATION_LAYERS = names(
    "ReLU LeakyReLU PReLU ELU Softmax LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell ConvLSTM1D ConvLSTM2D "
    "ConvLSTM3D Bidirectional RNN Attention AdditiveAttention MultiHeadAttention GroupQueryAttention"
)
# No activation function, yet not a polynomial: a choice, a quotient, a root or a table.
BREAKS = {
    **dict.fromkeys(
        names(
            "MaxPooling1D MaxPooling2D MaxPooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D "
            "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Maximum Minimum"
        ),
        "takes the largest or smallest value",
    ),
    **dict.fromkeys(
        names("LayerNormalization GroupNormalization UnitNormalization RMSNormalization"),
        "divides by a spread measured on the input",
    ),
    **dict.fromkeys(
        names(
            "Embedding CategoryEncoding Discretization Hashing HashedCrossing IntegerLookup StringLookup "
            "TextVectorization"
        ),
        "looks up a table",
    ),
    "Masking": "compares its input with a value",
}

# The same for the functions of `keras.ops`; of those in MOVES only the first argument may depend on the input.
MOVES = names(
    "Reshape Transpose Swapaxes Moveaxis ExpandDims Squeeze Ravel Flip Fliplr Flipud Roll Rot90 Repeat Tile "
    "BroadcastTo Split Hsplit Vsplit Dsplit ArraySplit Unstack GetItem Take Pad Sum Cumsum Diff Diag Diagflat "
    "Diagonal Tril Triu Trace Copy Slice StopGradient ConvertToTensor Rearrange SpaceToDepth DepthToSpace "
    "CropImages PadImages"
)
SUM_OPS = names("Add Subtract Negative Concatenate Stack Vstack Hstack Dstack Append")
AFFINE_OPS = names("Mean RGBToGrayscale AveragePool AdaptiveAveragePool BatchNorm")
PRODUCT_OPS = names(
    "Multiply Matmul Dot Vdot Inner Outer Tensordot Kron Cross Einsum Conv DepthwiseConv SeparableConv ConvTranspose"
)
ACTIVATION_OPS = names(
    "Relu Relu6 Sigmoid SparseSigmoid Softplus Softsign SoftShrink SparsePlus Silu Squareplus LogSigmoid LeakyRelu "
    "HardSigmoid HardSilu Elu Selu Gelu Celu Glu TanhShrink HardTanh HardShrink Threshold Softmax LogSoftmax Sparsemax "
    "Tanh Exp Exp2 Expm1 Log Log10 Log1p Log2 Logaddexp Logsumexp Sin Cos Tan Arcsin Arccos Arctan Sinh Cosh Erf "
    "Absolute Abs Clip Sign Heaviside Round Floor Ceil Sqrt Rsqrt Cbrt DotProductAttention"
)
BREAK_OPS = {
    **dict.fromkeys(
        names("Maximum Minimum Max Min Amax Amin Median Sort Argmax Argmin TopK MaxPool AdaptiveMaxPool"),
        "takes the largest or smallest value",
    ),
    **dict.fromkeys(
        names("LayerNorm RMSNorm Normalize Std Norm"),
        "takes a root or divides by a spread measured on the input",
    ),
    **dict.fromkeys(
        names("Where Equal NotEqual Greater GreaterEqual Less LessEqual OneHot MultiHot"), "compares values"
    ),
    "Reciprocal": "divides by its input",
    "FloorDivide": "rounds",
    "Mod": "rounds",
}
