import Foundation
import Testing

@testable import Vault

@Suite("Too many open files are neither damage nor want of rights")
struct OpenFilesTests {
    @Test("Calls of the file system", arguments: [EMFILE, ENFILE])
    func calls(number: Int32) {
        errno = number
        let call = VaultError.wrapping(POSIXFailure("open"), at: "/vault") as? VaultError
        errno = number
        let attachment = VaultError.unopened(attachment: "/vault/object")
        for error in [call, attachment] {
            #expect(error?.code == .tooManyFiles)
            #expect(error?.next.contains("ulimit -n") == true)
        }
        errno = EIO
        #expect(VaultError.unopened(attachment: "/vault/object").code == .damaged)
    }

    @Test("Calls of Foundation")
    func foundation() {
        let error = CocoaError(.fileReadUnknown, userInfo: [NSUnderlyingErrorKey: POSIXError(.EMFILE)])
        #expect((VaultError.wrapping(error, at: "/vault") as? VaultError)?.code == .tooManyFiles)
        #expect(throws: VaultError.self) { try VaultError.passOn(error, at: "/vault") }
        let other = CocoaError(.fileReadUnknown, userInfo: [NSUnderlyingErrorKey: POSIXError(.EIO)])
        #expect((VaultError.wrapping(other, at: "/vault") as? VaultError)?.code == .inaccessible)
        #expect(throws: Never.self) { try VaultError.passOn(other, at: "/vault") }
    }
}
