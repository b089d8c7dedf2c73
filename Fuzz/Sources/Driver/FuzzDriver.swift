/// What libFuzzer calls for each input.
public typealias FuzzCallback = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// libFuzzer's own main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: FuzzCallback
) -> CInt

/// Starts libFuzzer with the program's arguments.
public enum FuzzDriver {
    /// Runs until libFuzzer ends and returns its exit code.
    public static func run(
        _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ callback: FuzzCallback
    ) -> CInt {
        var (count, arguments) = (count, arguments)
        return runDriver(&count, &arguments, callback)
    }
}

/// One input: its first byte says where the rest of it is cut in two.
public struct FuzzInput {
    /// The bytes to read.
    public let bytes: [UInt8]
    /// The same bytes in two pieces.
    public let pieces: [ArraySlice<UInt8>]

    /// Takes over what libFuzzer hands in; nil where there is nothing to read.
    public init?(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        guard let start, count > 1 else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
        let cut = Int(start[0]) * bytes.count / 255
        self.bytes = bytes
        pieces = [bytes[..<cut], bytes[cut...]]
    }
}
