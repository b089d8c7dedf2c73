import Foundation
import Testing

@testable import Vault

@Suite struct FrameDecompressorTests {
    @Test("A dictionary that can't be loaded takes no other along")
    func goesOnBehindABrokenDictionary() throws {
        let good = CompressionDictionary(id: 1, bytes: Data(repeating: UInt8(ascii: "a"), count: 4096))
        // A dictionary's magic number, and nothing of what has to follow (zstd_compression_format.md).
        let broken = CompressionDictionary(
            id: 2, bytes: Data([0x37, 0xA4, 0x30, 0xEC]) + Data(repeating: 0xFF, count: 60))
        let document = Data(repeating: UInt8(ascii: "a"), count: 3000) + Data("b".utf8)
        let stored = try FrameCompressor(dictionary: good).compress(document)
        #expect(stored.coding == .dictionary(1))
        let decompressor = try FrameDecompressor()
        func read(_ coding: BodyCoding) throws -> Data? {
            try decompressor.decompress(stored.data, coding: coding, size: document.count) { $0 == 1 ? good : broken }
        }
        #expect(try read(.dictionary(1)) == document)
        #expect(try read(.dictionary(2)) == nil)
        #expect(try read(.dictionary(1)) == document)
    }
}
