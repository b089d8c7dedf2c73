/// Ways to cut bytes into the pieces in which a connection may deliver them.
enum Pieces {
    /// Cut in two at each position, and once into single bytes; longer bytes at each third or further position.
    static func allCuts(of bytes: [UInt8]) -> some Sequence<[ArraySlice<UInt8>]> {
        stride(from: -1, through: bytes.count, by: bytes.count > 3000 ? bytes.count / 1000 : 1).lazy.map { cut in
            cut < 0 ? bytes.indices.map { bytes[$0...$0] } : [bytes[..<cut], bytes[cut...]]
        }
    }

    /// Cut at random into pieces that are mostly small.
    static func random(of bytes: [UInt8], using generator: inout SeededGenerator) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var position = 0
        while position < bytes.count {
            let end = min(
                bytes.count,
                position + Int.random(in: 1...(1 << Int.random(in: 0...8, using: &generator)), using: &generator))
            pieces.append(bytes[position..<end])
            position = end
        }
        return pieces
    }
}
